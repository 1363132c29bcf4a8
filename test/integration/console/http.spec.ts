import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { CallHandler, CanActivate, INestApplication, NestInterceptor } from '@nestjs/common';
import { Injectable, UnauthorizedException, VersioningType } from '@nestjs/common';
import { DiscoveryService, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { MemoryBroker } from 'nestjs-redis-event-bus';
import { EventBusModule, memory, memoryBroker } from 'nestjs-redis-event-bus';
import type { EventBusConsoleOptions } from 'nestjs-redis-event-bus-console';
import { EventBusConsoleModule } from 'nestjs-redis-event-bus-console';
import { map } from 'rxjs';
import { reportOf, reportingOn } from '../../support/fake.reports.js';

const started: INestApplication[] = [];
afterEach(() => Promise.all(started.splice(0).map((app) => app.close())));

@Injectable()
class AdminGuard implements CanActivate {
  canActivate(context: Parameters<CanActivate['canActivate']>[0]): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
    if (headers['authorization'] !== 'secret') throw new UnauthorizedException();
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
  plain: { prefix: '', at: '/ops/bus' },
  'under a global prefix, URI versioning and a wrapping interceptor': { prefix: 'api', at: '/api/ops/bus' },
};
const ADAPTERS = { Express: () => new ExpressAdapter(), Fastify: () => new FastifyAdapter() };
const OWN = {
  authorization: 'secret',
  'content-type': 'application/json',
  'x-event-bus-console': '1',
  'sec-fetch-site': 'same-origin',
};

async function listen(
  adapter: keyof typeof ADAPTERS,
  { prefix, at }: (typeof MOUNTS)[keyof typeof MOUNTS],
  options: Partial<EventBusConsoleOptions> = {},
  broker: MemoryBroker = memoryBroker(),
) {
  const console_ = { path: 'ops/bus', guards: [AdminGuard], ...options };
  const module = {
    module: class Root {},
    imports: [
      EventBusModule.forRoot({ transport: memory({ broker }), maxPayloadBytes: 1_000 }),
      EventBusConsoleModule.forRoot(console_),
    ],
    providers: [DiscoveryService],
  };
  const app = await NestFactory.create<INestApplication>(module, ADAPTERS[adapter](), { logger: false });
  if (prefix !== '') {
    app.setGlobalPrefix(prefix);
    app.enableVersioning({ type: VersioningType.URI, defaultVersion: '9' });
    app.useGlobalInterceptors(new Wrapping());
  }
  if (adapter === 'Fastify') {
    const known: { method: string; path: string }[] = [];
    routes.set(app, known);
    const fastify = app.getHttpAdapter().getInstance() as {
      addHook: (name: 'onRoute', added: (route: { method: string; url: string }) => void) => void;
    };
    fastify.addHook('onRoute', ({ method, url }) => known.push({ method, path: url }));
  }
  started.push(app);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://127.0.0.1:${port}${at}`;
  const post = (name: string, body: unknown, headers: Record<string, string> = OWN) =>
    fetch(`${url}/${name}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { app, url, port, broker, post };
}

/** What the router of the adapter knows. */
function routesOf(app: INestApplication): { method: 'GET' | 'POST'; path: string }[] {
  const known: { method: string; path: string }[] = routes.get(app) ?? expressRoutes(app);
  return known
    .filter(({ method }) => method === 'GET' || method === 'POST')
    .map(({ method, path }) => ({ method: method as 'GET' | 'POST', path }));
}

/** Fastify tells its routes only while they are added. */
const routes = new WeakMap<INestApplication, { method: string; path: string }[]>();

function expressRoutes(app: INestApplication): { method: string; path: string }[] {
  const { router } = app.getHttpAdapter().getInstance() as {
    router: { stack: { route?: { path: string; methods: Record<string, boolean> } }[] };
  };
  return router.stack.flatMap(({ route }) =>
    route === undefined
      ? []
      : Object.keys(route.methods).map((method) => ({ method: method.toUpperCase(), path: route.path })),
  );
}

/** What a stream sent, an event at a time. */
async function openStream(url: string) {
  const asked = request(`${url}/events`, { headers: { authorization: 'secret' } }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.setEncoding('utf8');
  let text = '';
  const waiting: (() => void)[] = [];
  response.on('data', (chunk: string) => {
    text += chunk;
    for (const wake of waiting.splice(0)) wake();
  });
  const next = async (event: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const match = new RegExp(`^event: ${event}\\ndata: (.*)\\n\\n`, 'm').exec(text);
      if (match?.[1] !== undefined) {
        text = text.slice(match.index + match[0].length);
        return JSON.parse(match[1]) as Record<string, unknown>;
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  return { response, next, close: () => asked.destroy() };
}

describe.each(Object.keys(ADAPTERS) as (keyof typeof ADAPTERS)[])('the console in %s', (adapter) => {
  describe.each(Object.entries(MOUNTS))('%s', (_name, mount) => {
    it('answers no route without the credentials that its guard wants', async () => {
      const { app, port } = await listen(adapter, mount, { allowPublish: true, allowSubscribe: true });
      const { authorization: _none, ...anonymous } = OWN;
      const routes = routesOf(app);
      expect(routes).toHaveLength(7);
      for (const { method, path } of routes) {
        const asked = { method, headers: anonymous, ...(method === 'POST' ? { body: '{}' } : {}) };
        const { status } = await fetch(`http://127.0.0.1:${port}${path}`, asked);
        expect({ method, path, status }).toEqual({ method, path, status: 401 });
      }
    });

    it('serves the page, whose files are beside it, under a strict policy', async () => {
      const { url } = await listen(adapter, mount);
      const page = await fetch(url, { headers: OWN });
      expect(page.status).toBe(200);
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
      const html = await page.text();
      const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => String(file));
      expect(files).toHaveLength(3);
      for (const file of files) {
        const answer = await fetch(new URL(file, url), { headers: OWN });
        expect([file, answer.status, (await answer.text()).length > 100]).toEqual([file, 200, true]);
      }
      expect(html).not.toMatch(/<script>|<style|https?:/);
    });

    it('streams what services report, as events that no interceptor wraps', async () => {
      const { url, broker } = await listen(adapter, mount, { title: 'Shop' });
      const stream = await openStream(url);
      try {
        expect(stream.response.headers).toMatchObject({
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store, no-transform',
          'x-accel-buffering': 'no',
        });
        expect(await stream.next('welcome')).toEqual({
          title: 'Shop',
          mayPublish: false,
          maySubscribe: false,
        });
        const { send } = await reportingOn(broker);
        expect(await send(JSON.stringify(reportOf()))).toBe(1);
        for (;;) {
          const { instances } = (await stream.next('frame')) as { instances: readonly unknown[] };
          if (instances.length === 0) continue;
          expect(instances).toMatchObject([{ service: 'orders', state: 'ready', host: 'shop-1' }]);
          break;
        }
      } finally {
        stream.close();
      }
    });
  });

  it('has no route for what is not allowed', async () => {
    const { post } = await listen(adapter, MOUNTS.plain);
    for (const name of ['publish', 'listen']) expect((await post(name, {})).status).toBe(404);
  });

  it('takes forms from its own page alone', async () => {
    const { post } = await listen(adapter, MOUNTS.plain, { allowPublish: true });
    const body = { channel: 'orders:created', payload: '{}' };
    const { 'x-event-bus-console': _header, ...without } = OWN;
    expect((await post('publish', body, without)).status).toBe(403);
    expect((await post('publish', body, { ...OWN, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await post('publish', body, { ...OWN, 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect((await post('publish', body)).status).toBe(200);
  });

  it('refuses a form with the message of the library, and sends nothing', async () => {
    const { app, post } = await listen(adapter, MOUNTS.plain, { allowPublish: true, allowSubscribe: true });
    const refused = async (name: string, body: unknown) => {
      const answer = await post(name, body);
      const { message } = (await answer.json()) as { message: string };
      return [answer.status, message];
    };
    expect(await refused('publish', { channel: '', payload: '{}' })).toEqual([
      400,
      expect.stringContaining('channel'),
    ]);
    expect(await refused('publish', { channel: 'a', payload: '{' })).toEqual([
      400,
      'The payload is no JSON.',
    ]);
    expect(await refused('publish', { channel: ['a'] })).toEqual([400, expect.stringContaining('Send')]);
    expect(await refused('publish', { channel: 'a', payload: JSON.stringify('x'.repeat(2_000)) })).toEqual([
      413,
      expect.stringContaining('1000'),
    ]);
    expect(await refused('publish', { channel: 'a', payload: `"${'x'.repeat(70_000)}"` })).toEqual([
      413,
      expect.stringContaining('65536'),
    ]);
    expect(await refused('listen', { target: 'a'.repeat(70_000) })).toEqual([400, expect.any(String)]);
    expect(await refused('listen', { target: '__keyevent@0__:[' })).toEqual([400, expect.any(String)]);
    expect(await refused('listen', {})).toEqual([400, expect.stringContaining('Send')]);
    const { EventBusInspector } = await import('nestjs-redis-event-bus');
    expect(app.get(EventBusInspector).snapshot().counters.published).toBe(0);
  });

  it('says how many subscriptions a published event reached, and shows it to who listens', async () => {
    const { post, url } = await listen(adapter, MOUNTS.plain, { allowPublish: true, allowSubscribe: true });
    const stream = await openStream(url);
    try {
      const said = async (name: string, body: unknown) =>
        ((await (await post(name, body)).json()) as { message: string }).message;
      const event = { channel: 'orders:created', payload: '{"id":1}' };
      expect(await said('publish', event)).toBe('Published. It reached nobody.');
      expect(await said('listen', { target: 'orders:*' })).toBe('Listening on orders:*.');
      expect(await said('publish', event)).toBe('Published. It reached 1 subscription.');
      for (;;) {
        const { tail } = (await stream.next('frame')) as { tail: { rows: readonly unknown[] } };
        if (tail.rows.length === 0) continue;
        expect(tail.rows).toMatchObject([{ channel: 'orders:created', payload: '{"id":1}' }]);
        break;
      }
      expect(await said('listen', { target: '' })).toBe('Not listening.');
      expect(await said('publish', event)).toBe('Published. It reached nobody.');
    } finally {
      stream.close();
    }
  });

  it('subscribes to reports only while somebody looks, and lets the application close while somebody does', async () => {
    const { app, url, broker } = await listen(adapter, MOUNTS.plain);
    const { send } = await reportingOn(broker);
    expect(await send(JSON.stringify(reportOf()))).toBe(0);
    const stream = await openStream(url);
    await stream.next('welcome');
    expect(await send(JSON.stringify(reportOf()))).toBe(1);
    const ended = once(stream.response, 'end');
    await app.close();
    await ended;
    expect(await send(JSON.stringify(reportOf()))).toBe(0);
  });
});

describe('the options of the console', () => {
  const start = (options: unknown) =>
    NestFactory.create(
      {
        module: class Root {},
        imports: [
          EventBusModule.forRoot({ transport: memory() }),
          EventBusConsoleModule.forRoot(options as EventBusConsoleOptions),
        ],
      },
      { logger: false, abortOnError: false },
    );

  it.each([
    [{}, /guards: \[AdminGuard\].*access: 'loopback'/s],
    [undefined, /takes an object/],
    [{ guards: [AdminGuard], access: 'loopback' }, /exclude each other/],
    [{ guards: [] }, /at least one guard/],
    [{ guards: ['admin'] }, /at least one guard/],
    [{ access: 'everybody' }, /must be 'loopback'/],
    [{ access: 'loopback', path: 'bus/:id' }, /without parameters/],
    [{ access: 'loopback', path: 'bus*' }, /without parameters/],
    [{ access: 'loopback', path: '' }, /without parameters/],
    [{ access: 'loopback', allowPublish: 'yes' }, /allowPublish must be true or false/],
    [{ access: 'loopback', readOnly: true }, /readOnly is no option/],
    [{ access: 'loopback', bus: 'audit' }, /finds no bus "audit"/],
  ])('refuse %j, and say what to write', async (options, message) => {
    await expect(start(options)).rejects.toThrow(message);
  });
});
