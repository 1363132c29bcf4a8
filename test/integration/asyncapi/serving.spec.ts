import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type {
  CallHandler,
  CanActivate,
  DynamicModule,
  INestApplication,
  NestInterceptor,
} from '@nestjs/common';
import {
  ForbiddenException,
  Injectable,
  Module,
  UnauthorizedException,
  VersioningType,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import { EventBusInspector, EventBusModule, OnEvent, defineEvent, memory } from 'nestjs-redis-event-bus';
import type { HandlerDescription } from 'nestjs-redis-event-bus';
import type { EventBusAsyncApiModuleOptions } from 'nestjs-redis-event-bus/asyncapi';
import { EventBusAsyncApi, EventBusAsyncApiModule } from 'nestjs-redis-event-bus/asyncapi';
import { map } from 'rxjs';
import { parse } from 'yaml';
import { z } from 'zod';
import { LogLines } from '../../support/log.lines.js';
import { startedApps } from '../../support/started.apps.js';
import { untyped } from '../../support/untyped.js';

const OrderCreated = defineEvent('orders:<orderId>:created', z.object({ total: z.number() }));
const Dated = defineEvent('dated', z.object({ at: z.date() }));
const info = { title: 'Orders <img src=x onerror=alert(1)>', version: '1.0.0' };
const skipped =
  spawnSync('chromium', ['--version'], { timeout: 30_000 }).status === 0
    ? undefined
    : 'skipped: there is no chromium on PATH';
const BASE = { path: 'ops/asyncapi', info, publishes: [OrderCreated] } as const;

@Injectable()
class Handlers {
  @OnEvent('orders:*')
  notify(): void {}
}

/** What the guard injects comes from a module of the options. */
@Injectable()
class Keys {
  readonly admin = 'secret';
}
@Module({ providers: [Keys], exports: [Keys] })
class KeysModule {}

@Injectable()
class AdminGuard implements CanActivate {
  constructor(private readonly keys: Keys) {}

  canActivate(context: Parameters<CanActivate['canActivate']>[0]): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
    if (headers['authorization'] === undefined) throw new UnauthorizedException();
    if (headers['authorization'] !== this.keys.admin) throw new ForbiddenException();
    return true;
  }
}

/** As applications have one: each answer becomes `{ data }`. */
class Wrapping implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler) {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

const MOUNTS = {
  plain: { prefix: '', path: '/ops/asyncapi' },
  'under a global prefix, URI versioning and a wrapping interceptor': {
    prefix: 'api',
    path: '/api/ops/asyncapi',
  },
} as const;

const open: INestApplication[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

function served(
  adapter: string,
  options: Omit<EventBusAsyncApiModuleOptions, 'path' | 'info'>,
  mount: { readonly prefix?: string } = {},
) {
  return servedBy(adapter, EventBusAsyncApiModule.forRoot({ ...BASE, ...options }), mount);
}

async function servedBy(adapter: string, asyncApi: DynamicModule, { prefix = '' } = {}) {
  @Module({
    imports: [EventBusModule.forRoot({ transport: memory() }), asyncApi],
    providers: [Handlers],
  })
  class AppModule {}
  const logger = new LogLines();
  const http = adapter === 'Fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = await NestFactory.create<INestApplication>(AppModule, http, { logger, abortOnError: false });
  open.push(app);
  if (prefix !== '') {
    app.setGlobalPrefix(prefix);
    app.enableVersioning({ type: VersioningType.URI, defaultVersion: '9' });
    app.useGlobalInterceptors(new Wrapping());
  }
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { app, logger, port, url: `http://127.0.0.1:${port}` };
}

const ROUTES = ['', '.json', '.yaml', '/page.js', '/page.css'];

describe.each(['Express', 'Fastify'])('the AsyncAPI module on %s', (adapter) => {
  describe.each(Object.entries(MOUNTS))('%s', (_mount, { prefix, path }) => {
    const guarded = () => served(adapter, { guards: [AdminGuard], imports: [KeysModule] }, { prefix });

    it('answers 401 without credentials and 403 with wrong ones, on every route', async () => {
      const { url } = await guarded();
      for (const route of ROUTES) {
        expect((await fetch(url + path + route)).status).toBe(401);
        expect((await fetch(url + path + route, { headers: { authorization: 'guess' } })).status).toBe(403);
      }
    });

    it('serves the same document as JSON and YAML, and the page under a strict policy', async () => {
      const { app, url } = await guarded();
      const get = async (route: string) => {
        const response = await fetch(url + path + route, { headers: { authorization: 'secret' } });
        expect(response.status).toBe(200);
        const { headers } = response;
        expect(headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
        expect(headers.get('cache-control')).toBe('no-store');
        return { type: headers.get('content-type'), text: await response.text() };
      };
      const { path: _path, ...options } = BASE;
      const document = EventBusAsyncApi.document(app, options);
      const [page, json, yaml, script, style] = await Promise.all(ROUTES.map(get));
      expect(json?.type).toBe('application/json; charset=utf-8');
      expect(JSON.parse(json?.text ?? '')).toEqual(document);
      expect(yaml?.type).toBe('application/yaml; charset=utf-8');
      expect(parse(yaml?.text ?? '')).toEqual(document);
      expect(page?.type).toBe('text/html; charset=utf-8');
      expect(page?.text).toContain('src="asyncapi/page.js"');
      expect(page?.text).not.toMatch(/<script(?![^>]*\bsrc=)|\bstyle=|\son\w+=/);
      expect(script?.type).toBe('text/javascript; charset=utf-8');
      expect(style?.type).toBe('text/css; charset=utf-8');
    });
  });

  it('refers to the files of the page from a path with a slash at its end, where there is one', async () => {
    const { url } = await served(adapter, { access: 'loopback' });
    const response = await fetch(`${url}/ops/asyncapi/`);
    const isRelative = (await response.text()).includes('src="../asyncapi/page.js"');
    expect([response.status, isRelative]).toEqual(adapter === 'Fastify' ? [404, false] : [200, true]);
  });

  it('takes the options of the document from a factory, and guards the routes as without one', async () => {
    const module = EventBusAsyncApiModule.forRootAsync({
      path: BASE.path,
      guards: [AdminGuard],
      imports: [KeysModule],
      inject: [Keys],
      useFactory: async ({ admin }: Keys) => ({
        info: { title: admin, version: '2' },
        publishes: [OrderCreated],
      }),
    });
    const { app, url } = await servedBy(adapter, module);
    for (const route of ROUTES) expect((await fetch(`${url}/ops/asyncapi${route}`)).status).toBe(401);
    const response = await fetch(`${url}/ops/asyncapi.json`, { headers: { authorization: 'secret' } });
    expect(await response.json()).toEqual(
      EventBusAsyncApi.document(app, {
        info: { title: 'secret', version: '2' },
        publishes: [OrderCreated],
      }),
    );
  });

  it.each<[string, CanActivate['canActivate']]>([
    [
      'throws',
      () => {
        throw new Error('no session');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no session'))],
    ['returns nothing', () => untyped(undefined)],
  ])('shows nothing where a guard %s', async (_what, canActivate) => {
    const { url } = await served(adapter, { guards: [{ canActivate }] });
    for (const route of ROUTES) {
      const response = await fetch(`${url}/ops/asyncapi${route}`);
      expect([403, 500]).toContain(response.status);
      expect(await response.text()).not.toMatch(/asyncapi|orders|no session/i);
    }
  });

  it('takes the options of the document from a class', async () => {
    class Options {
      createEventBusAsyncApiOptions() {
        return { info };
      }
    }
    const module = EventBusAsyncApiModule.forRootAsync({
      path: 'docs',
      access: 'loopback',
      useClass: Options,
    });
    const { url } = await servedBy(adapter, module);
    expect(await (await fetch(`${url}/docs.json`)).json()).toMatchObject({ info: { title: info.title } });
  });

  it('lets in this machine alone with access: loopback', async () => {
    const { port } = await served(adapter, { access: 'loopback' });
    const status = async (headers: Record<string, string>) => {
      const { statusCode } = await getRaw(port, '/ops/asyncapi.json', headers);
      return statusCode;
    };
    expect(await status({})).toBe(200);
    for (const host of ['localhost:3000', 'LOCALHOST:3000', '127.0.0.1', '[::1]', '[::1]:3000'])
      expect(await status({ host })).toBe(200);
    for (const host of [
      'evil.example',
      'localhost.evil.example',
      'localhost:3000.evil.example',
      'localhost@evil.example',
      '[::1].evil.example',
    ])
      expect(await status({ host })).toBe(403);
  });

  it.each([
    'x-forwarded-for',
    'x-forwarded-port',
    'X-Forwarded-Proto',
    'forwarded',
    'x-real-ip',
    'x-client-ip',
    'x-original-host',
    'cf-connecting-ip',
    'true-client-ip',
    'via',
  ])('does not let in what a proxy on this machine has forwarded with %s', async (name) => {
    const { port } = await served(adapter, { access: 'loopback' });
    const { statusCode } = await getRaw(port, '/ops/asyncapi.json', { [name]: '127.0.0.1' });
    expect(statusCode).toBe(403);
  });

  it('does not let a page of another site read it where the application allows every origin', async () => {
    const { port } = await served(adapter, { access: 'loopback' });
    for (const [origin, status] of [
      ['https://evil.example', 403],
      ['http://localhost.evil.example', 403],
      ['null', 403],
      ['http://localhost:5173', 200],
      ['http://[::1]:5173', 200],
    ] as const) {
      const { statusCode } = await getRaw(port, '/ops/asyncapi.json', { origin });
      expect([origin, statusCode]).toEqual([origin, status]);
    }
  });

  it('warns of a schema without JSON Schema at the start, and starts', async () => {
    const { logger, url } = await served(adapter, { access: 'loopback', publishes: [Dated] });
    await fetch(`${url}/ops/asyncapi.json`);
    const warnings = logger.lines.filter(({ message }) => message.includes('AsyncAPI'));
    expect(warnings.map(({ message }) => message)).toEqual([expect.stringContaining('contract="dated"')]);
  });

  const inChromium = `shows the document in Chromium, with no violation of the policy and no markup from it${skipped === undefined ? '' : ` (${skipped})`}`;
  (skipped === undefined ? it : it.skip)(
    inChromium,
    async () => {
      const hostile = '</script><img src=x onerror=alert(2)>';
      const options = {
        access: 'loopback',
        servers: { [hostile]: { host: hostile, protocol: 'redis' } },
        jsonSchema: () => ({ type: 'object', title: hostile, description: hostile }),
      } as const;
      const { app, url } = await served(adapter, options, { prefix: 'api' });
      const inspector = app.get(EventBusInspector);
      const description = inspector.describe();
      const [handler] = description.handlers as [HandlerDescription];
      const target = { target: hostile, kind: 'channel', name: hostile } as const;
      const named = { ...handler, handler: hostile, targets: [target] };
      inspector.describe = () => ({ ...description, handlers: [handler, named] });
      const { dom, log } = await browser(`${url}/api/ops/asyncapi`);
      expect(dom.match(/&lt;\/script&gt;&lt;img src=x/g)?.length).toBeGreaterThanOrEqual(5);
      expect(dom).toContain('Orders &lt;img src=x onerror=alert(1)&gt; 1.0.0');
      expect(dom).not.toContain('<img');
      expect(dom).toContain('<code>orders:{orderId}:created</code>');
      expect(dom).toContain('<code>pattern orders:*</code>');
      expect(dom).toContain('<h3>Handlers.notify</h3>');
      expect(dom).not.toContain('aria-busy');
      expect(log).not.toMatch(/Content Security Policy|Uncaught/);
      const control = await browser(
        `data:text/html,<meta http-equiv="Content-Security-Policy" content="script-src 'none'"><script>1</script>`,
      );
      expect(control.log).toMatch(/Content Security Policy/);
    },
    90_000,
  );
});

describe('the options of the AsyncAPI module', () => {
  const { problemsOf } = startedApps();
  const given = (options: object) =>
    problemsOf({ imports: [EventBusAsyncApiModule.forRoot(untyped(options))] }, { transport: memory() });

  it.each<[string, object, RegExp]>([
    ['no path', { info, access: 'loopback' }, /path is missing\. Write path: 'asyncapi'/],
    ['a path with a glob', { path: 'docs/*', info, access: 'loopback' }, /path must be a plain path/],
    [
      'a path with a parameter',
      { path: ':tenant/asyncapi', info, access: 'loopback' },
      /path must be a plain path/,
    ],
    [
      'a path that clients resolve',
      { path: 'docs/../asyncapi', info, access: 'loopback' },
      /path must be a plain/,
    ],
    [
      'a path with a slash at its end',
      { path: 'asyncapi/', info, access: 'loopback' },
      /path must be a plain path/,
    ],
    [
      'a misspelt option',
      { ...BASE, access: 'loopback', guard: [] },
      /guard is not an option\. Known options/,
    ],
    ['neither guards nor access', BASE, /Write guards: \[AdminGuard\], or access: 'loopback'/],
    [
      'guards and access',
      { ...BASE, access: 'loopback', guards: [AdminGuard] },
      /both set\. Leave out access/,
    ],
    ['no guard at all', { ...BASE, guards: [] }, /at least one guard/],
    ['another access', { ...BASE, access: 'public' }, /access must be 'loopback'/],
    ['no info', { path: 'a', access: 'loopback' }, /info is missing\. Write info/],
    ['a bus that is not there', { ...BASE, access: 'loopback', bus: 'audit' }, /no bus named "audit"/],
  ])('fail the start with what to write: %s', async (_what, options, problem) => {
    expect(await given(options)).toEqual([expect.stringMatching(problem)]);
  });

  const made = () => ({ info });
  const asyncGiven = (options: unknown) =>
    problemsOf({ imports: [EventBusAsyncApiModule.forRootAsync(untyped(options))] }, { transport: memory() });

  it.each<[string, unknown, RegExp]>([
    ['no options', undefined, /forRootAsync\(…\) has no options\. Write useFactory/],
    ['no factory', { path: 'a', access: 'loopback' }, /one of useFactory, useClass, useExisting must make/],
    [
      'info beside the factory',
      { path: 'a', access: 'loopback', info, useFactory: made },
      /info is not an option\. Known options: bus, path, guards, access, imports, inject.* All others are returned by useFactory/,
    ],
    ['no path', { access: 'loopback', useFactory: made }, /forRootAsync\(…\): path is missing/],
    ['neither guards nor access', { path: 'a', useFactory: made }, /Write guards: \[AdminGuard\]/],
    ['a glob as path', { path: '*', access: 'loopback', useFactory: made }, /path must be a plain path/],
    ...(['path', 'guards', 'access', 'bus'] as const).map((name): [string, unknown, RegExp] => [
      `${name} in what the factory returns`,
      { path: 'a', access: 'loopback', useFactory: async () => ({ info, [name]: 'x' }) },
      new RegExp(`${name} is needed before useFactory is called\\. Write it beside useFactory`),
    ]),
    [
      'a factory that returns nothing',
      { path: 'a', access: 'loopback', useFactory: () => undefined },
      /useFactory must return an object/,
    ],
    [
      'a factory that returns no info',
      { path: 'a', access: 'loopback', useFactory: async () => ({ publishes: [] }) },
      /forRootAsync\(…\), useFactory: info is missing/,
    ],
    [
      'another bus',
      { path: 'a', access: 'loopback', bus: 'audit', useFactory: made },
      /no bus named "audit"/,
    ],
  ])('fail the start with what to write in forRootAsync: %s', async (_what, options, problem) => {
    expect(await asyncGiven(options)).toEqual([expect.stringMatching(problem)]);
  });

  it('keep by type out of the factory what is needed before it', () => {
    EventBusAsyncApiModule.forRootAsync({
      path: 'a',
      access: 'loopback',
      // @ts-expect-error -- guards are known when the controller is declared
      useFactory: () => ({ info, guards: [AdminGuard] }),
    });
    // @ts-expect-error -- so is the path
    EventBusAsyncApiModule.forRootAsync({ access: 'loopback', useFactory: made });
    expect(() => EventBusAsyncApiModule.forRootAsync(untyped({}))).not.toThrow();
  });

  it('are all checked at once', async () => {
    expect(await given({ path: '*' })).toHaveLength(3);
  });
});

interface RawAnswer {
  readonly statusCode: number | undefined;
}

/** `fetch` does not let its caller set the host. */
async function getRaw(port: number, path: string, headers: Record<string, string>): Promise<RawAnswer> {
  const { get } = await import('node:http');
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      response.resume();
      response.once('end', () => resolve({ statusCode: response.statusCode }));
    });
    request.once('error', reject);
  });
}

/** The page after its scripts have run, and what the browser logged. */
async function browser(url: string) {
  const profile = await mkdtemp(join(tmpdir(), 'chromium-'));
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--enable-logging=stderr',
    `--user-data-dir=${profile}`,
  ];
  try {
    const { stdout, stderr } = await promisify(execFile)(
      'chromium',
      [...flags, '--virtual-time-budget=5000', '--dump-dom', url],
      { timeout: 60_000 },
    );
    return { dom: stdout, log: stderr };
  } finally {
    await rm(profile, { recursive: true, force: true });
  }
}
