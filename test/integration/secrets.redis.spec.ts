import { inspect } from 'node:util';
import { isNativeError } from 'node:util/types';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import type { EventBusModuleOptions, RedisTransportOptions } from 'nestjs-redis-event-bus';
import {
  EventBusInspector,
  EventBusModule,
  EventBusPublisher,
  EventBusStatus,
  EventBusSubscriber,
  OnEvent,
  redis,
} from 'nestjs-redis-event-bus';
import { CertificateAuthority } from '../support/certificates.js';
import { Escapes } from '../support/escapes.js';
import { eventually } from '../support/eventually.js';
import { LogLines } from '../support/log.lines.js';
import { RedisServer } from '../support/redis.server.js';
import { TlsRedis } from '../support/tls.redis.js';

/** In every password, passphrase and payload of these tests. */
const CANARY = 'c4n4ry';
const RIGHT = `${CANARY}-right`;
const WRONG = `${CANARY}-wrong`;
const PASSPHRASE = `${CANARY}-passphrase`;

const authority = new CertificateAuthority();
const certificate = authority.issue({ name: 'orders', passphrase: PASSPHRASE });
/** Enough of a private key to know it by. */
const KEY_CANARY = certificate.key.split('\n')[2] ?? '';

const escapes = new Escapes();
let server: RedisServer;
let closers: (() => unknown)[] = [];
/** Everything that came out: log lines, the console, errors, states, snapshots. */
let output: string[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

beforeEach(async () => {
  escapes.listen();
  output = [];
  for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const) {
    jest.spyOn(console, method).mockImplementation((...args) => args.forEach(reveal));
  }
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((text) => output.push(String(text)) > 0);
  }
  await server.cli('ACL', 'SETUSER', 'bus', 'reset', 'on', `>${RIGHT}`, '~*', '&*', '+@all');
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  jest.restoreAllMocks();
  const escaped = await escapes.take();
  escapes.release();
  expect(escaped).toEqual([]);
});

/** Prints a value in every way in which somebody might. */
function reveal(value: unknown): void {
  output.push(
    String(value),
    inspect(value, { depth: Infinity, showHidden: true, getters: true, maxStringLength: Infinity }),
    JSON.stringify(value, withErrors()) ?? '',
  );
  for (let error = value; isNativeError(error); error = error.cause) {
    output.push(error.message, String(error.stack), JSON.stringify(Object.entries(error), withErrors()));
  }
}

/** Errors with their own properties, enumerable or not; each object once. */
function withErrors(): (key: string, value: unknown) => unknown {
  const seen = new Set<unknown>();
  return (_key, value) => {
    if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? String(value) : value;
    if (seen.has(value)) return '(again)';
    seen.add(value);
    if (!isNativeError(value)) return value;
    return Object.fromEntries(
      Object.getOwnPropertyNames(value).map((name) => [name, (value as never)[name] as unknown]),
    );
  };
}

const leaks = () => output.filter((text) => text.includes(CANARY) || text.includes(KEY_CANARY));

const urlWith = (password: string) => server.url.replace('//', `//bus:${password}@`);

class Handler {
  @OnEvent('orders:*')
  handle(): void {}
}

async function start(options: RedisTransportOptions, startup: EventBusModuleOptions['startup'] = {}) {
  const log = new LogLines();
  closers.push(() => log.lines.forEach(reveal));
  const heartbeat = { intervalMs: 50, timeoutMs: 2_000 };
  @Module({
    imports: [EventBusModule.forRoot({ transport: redis({ heartbeat, ...options } as never), startup })],
    providers: [Handler],
  })
  class Service {}
  try {
    const app = await NestFactory.createApplicationContext(Service, { logger: log, abortOnError: false });
    const status = app.get(EventBusStatus);
    status.changes.subscribe((state) => output.push(`${state} ${status.reason}`));
    const close = async () => {
      reveal(app.get(EventBusInspector).snapshot());
      await app.close();
      log.lines.forEach(reveal);
    };
    closers.push(close);
    return { app, status, close };
  } catch (error) {
    reveal(error);
    log.lines.forEach(reveal);
    throw error;
  }
}

describe('a password', () => {
  it('is in the errors of plain ioredis (control)', async () => {
    const client = new Redis(urlWith(WRONG), { lazyConnect: true, retryStrategy: () => null });
    client.on('error', reveal);
    await client.connect().catch(reveal);
    expect(leaks()).not.toEqual([]);
  });

  it('is nowhere when it is right', async () => {
    const { app, close } = await start({ url: urlWith(RIGHT) });
    await app.get(EventBusPublisher).publish('orders:created', { id: 1 });
    await close();
    expect(output.join('\n')).toContain('Event bus is ready');
    expect(leaks()).toEqual([]);
  });

  it.each<[string, () => RedisTransportOptions]>([
    ['a URL', () => ({ url: urlWith(WRONG) })],
    ['options', () => ({ port: server.port, username: 'bus', password: WRONG })],
    ['a client', () => ({ client: new Redis(urlWith(WRONG), { lazyConnect: true }) })],
  ])('is nowhere when it is wrong, in %s', async (_where, options) => {
    await expect(start(options())).rejects.toThrow('WRONGPASS');
    expect(output.join('\n')).toContain('WRONGPASS');
    expect(leaks()).toEqual([]);
  });

  it('is nowhere when the bus goes on without it, and when it is changed under way', async () => {
    const late = await start({ url: urlWith(WRONG) }, { onFailure: 'retry' });
    expect(late.status.reason).toContain('WRONGPASS');
    const { status, app, close } = await start({ url: urlWith(RIGHT) });
    await server.cli('ACL', 'SETUSER', 'bus', 'resetpass', '>another');
    await server.cli('CLIENT', 'KILL', 'USER', 'bus');
    await eventually(() => expect(status.reason).toContain('WRONGPASS'));
    await app.get(EventBusPublisher).publish('orders:created', {}).catch(reveal);
    await app.get(EventBusInspector).patternCount().catch(reveal);
    await Promise.all([close(), late.close()]);
    expect(leaks()).toEqual([]);
  });

  it('is nowhere when the server wants none', async () => {
    const { close } = await start({ url: server.url.replace('//', `//:${WRONG}@`) }).catch(() => ({
      close: () => undefined,
    }));
    await close();
    expect(leaks()).toEqual([]);
  });

  it.each([
    ['a bare #', `redis://bus:${CANARY}#1@127.0.0.1:6379`],
    ['a bare # behind the host', `redis://${CANARY}#1@127.0.0.1:6379`],
    ['a bare /', `redis://bus:${CANARY}/1@127.0.0.1:6379`],
    ['a bare / in front of the user', `redis://${CANARY}/1@127.0.0.1:6379`],
    ['a bare ?', `redis://bus:1${CANARY}?1@127.0.0.1:6379`],
    ['a bare ? behind digits', `redis://${CANARY}:12?1@127.0.0.1`],
    ['another protocol', `http://bus:${CANARY}@127.0.0.1:6379`],
    ['no protocol', `bus:${CANARY}@127.0.0.1:6379`],
    ['a port that is none', `redis://bus:${CANARY}@127.0.0.1:port`],
    ['a path', `redis://bus:${CANARY}@127.0.0.1:6379/db`],
    ['an option of the bus', `redis://bus:${CANARY}@127.0.0.1:6379?keyPrefix=${CANARY}`],
  ])('is nowhere when the URL has %s', async (_what, url) => {
    await expect(start({ url })).rejects.toThrow('url');
    expect(leaks()).toEqual([]);
  });
});

describe('a payload', () => {
  it('is nowhere when it is refused', async () => {
    await server.cli('ACL', 'SETUSER', 'bus', '-publish');
    const { app, close } = await start({ url: urlWith(RIGHT) });
    const published = app.get(EventBusPublisher).publish('orders:created', { card: CANARY });
    reveal(await published.catch((error: unknown) => error));
    await close();
    expect(output.join('\n')).toContain('NOPERM');
    expect(leaks()).toEqual([]);
  });

  it('is nowhere when the subscription is refused', async () => {
    await server.cli('ACL', 'SETUSER', 'bus', 'resetchannels', '&orders:*');
    const { app, close } = await start({ url: urlWith(RIGHT) });
    const subscribed = app.get(EventBusSubscriber).subscribe('news', () => undefined);
    reveal(await subscribed.catch((error: unknown) => error));
    await close();
    expect(output.join('\n')).toContain('NOPERM');
    expect(leaks()).toEqual([]);
  });
});

describe('the key of a client certificate and its passphrase', () => {
  let tls: TlsRedis;
  beforeAll(async () => {
    tls = await TlsRedis.start({ authority, asksClients: true });
  });
  afterAll(() => tls.stop());

  const ca = authority.cert;
  it.each([
    ['right', { ca, ...certificate, passphrase: PASSPHRASE }],
    ['wrong', { ca, ...certificate, passphrase: WRONG }],
    ['missing', { ca, ...certificate }],
    ['right, and the CA is missing', { ...certificate, passphrase: PASSPHRASE }],
  ])('are nowhere when the passphrase is %s', async (_what, options) => {
    const { close } = await start({ url: tls.url, tls: options }).catch(() => ({ close: () => undefined }));
    await close();
    expect(output).not.toEqual([]);
    expect(leaks()).toEqual([]);
  });
});
