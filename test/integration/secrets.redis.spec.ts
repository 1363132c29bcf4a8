import { inspect } from 'node:util';
import { isNativeError } from 'node:util/types';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import type { EventBusModuleOptions, RedisTransportOptions, TransportFactory } from 'nestjs-redis-event-bus';
import {
  EventBusInspector,
  EventBusModule,
  EventBusPublisher,
  EventBusStatus,
  EventBusSubscriber,
  OnEvent,
  redis,
  redisCluster,
} from 'nestjs-redis-event-bus';
import { CertificateAuthority } from '../support/certificates.js';
import { Escapes } from '../support/escapes.js';
import { eventually } from '../support/eventually.js';
import { LogLines } from '../support/log.lines.js';
import { ParrotServer } from '../support/parrot.server.js';
import { HAS_SHARDS } from '../support/redis.major.js';
import { RedisServer } from '../support/redis.server.js';
import { runCommands } from '../support/resp.client.js';
import { TlsRedis } from '../support/tls.redis.js';
import { untyped } from '../support/untyped.js';

/** In every password, passphrase and payload of these tests. */
const CANARY = 'c4n4ry';
const RIGHT = `${CANARY}-right`;
const WRONG = `${CANARY}-wrong`;
/** With characters that URLs, JSON and Redis escape. */
const ODD = `${CANARY} p@ss/"%wörd\\x`;
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
      Object.getOwnPropertyNames(value).map((name) => [name, Reflect.get(value, name)]),
    );
  };
}

/** As it is, and in every way in which a text may escape it. */
const CANARIES = [
  CANARY,
  KEY_CANARY,
  escapedBytes(CANARY, '%'),
  escapedBytes(CANARY, '\\x'),
  escapedBytes(CANARY, '\\u00'),
];

function escapedBytes(text: string, escape: string): string {
  return [...Buffer.from(text)].map((byte) => escape + byte.toString(16).padStart(2, '0')).join('');
}

const leaks = () => output.filter((text) => CANARIES.some((canary) => text.includes(canary)));

const urlWith = (password: string) => server.url.replace('//', `//bus:${password}@`);

class Handler {
  @OnEvent('orders:*')
  handle(): void {}
}

function start(options: RedisTransportOptions, startup?: EventBusModuleOptions['startup']) {
  const heartbeat = { intervalMs: 50, timeoutMs: 2_000 };
  return startOn(redis(untyped({ heartbeat, ...options })), startup);
}

async function startOn(transport: TransportFactory, startup: EventBusModuleOptions['startup'] = {}) {
  const log = new LogLines();
  closers.push(() => log.lines.forEach(reveal));
  @Module({
    imports: [EventBusModule.forRoot({ transport, startup })],
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

describe('what a server repeats of a command', () => {
  /** What it says when it is asked as the bus asks it. */
  const answerOf = async (port: number, ...command: string[]) =>
    String(await runCommands(port, [command]).catch((error: unknown) => error));
  const without = (...names: string[]) => names.flatMap((name) => ['--rename-command', name, '']);

  /** As many together as are a script, twice, since the first are accompanied by the question for scripts. */
  async function publishAll(publisher: EventBusPublisher): Promise<void> {
    const payload = { card: `${CANARY} "4111"` };
    for (const channel of ['orders:created', 'orders:paid']) {
      for (const kind of ['channel', 'shard'] as const) {
        const published = Array.from({ length: 1 + 8 }, () => publisher.publish(channel, payload, { kind }));
        for (const outcome of await Promise.allSettled(published)) reveal(outcome);
      }
    }
    await publisher.publish('orders:created', payload).catch(reveal);
  }

  it.each<[string, (port: number) => RedisTransportOptions]>([
    ['a URL', (port) => ({ url: `redis://bus:${encodeURIComponent(ODD)}@127.0.0.1:${port}` })],
    ['options', (port) => ({ port, password: ODD })],
    ['options for RESP3', (port) => ({ port, username: 'bus', password: ODD, protocol: 3 })],
    ['a client', (port) => ({ client: new Redis({ port, password: ODD, lazyConnect: true }) })],
  ])('has no password where the server has no AUTH, with %s', async (_where, options) => {
    const bare = await RedisServer.start({ args: without('AUTH', 'HELLO') });
    closers.push(() => bare.stop());
    expect(await answerOf(bare.port, 'AUTH', ODD)).toContain(CANARY);
    await expect(start(options(bare.port))).rejects.toThrow('unknown command');
    const late = await start(options(bare.port), { onFailure: 'retry' });
    expect(late.status.reason).toContain('unknown command');
    await late.app.get(EventBusPublisher).publish('orders:created', {}).catch(reveal);
    expect(leaks()).toEqual([]);
  });

  it('has no payload where the server has no PUBLISH', async () => {
    const bare = await RedisServer.start({ args: without('PUBLISH', ...(HAS_SHARDS ? ['SPUBLISH'] : [])) });
    closers.push(() => bare.stop());
    expect(await answerOf(bare.port, 'PUBLISH', 'a', CANARY)).toContain(CANARY);
    const { app, close } = await start({ url: bare.url });
    await publishAll(app.get(EventBusPublisher));
    await close();
    expect(leaks()).toEqual([]);
  });

  it('has no password where a sentinel has no AUTH', async () => {
    // With a password of its own, a sentinel of Valkey does not repeat the command. Without one, ioredis 5 connects all the same.
    const isValkey = String(await server.cli('INFO', 'server')).includes('valkey_version');
    const password = isValkey ? '' : 'requirepass other\n';
    const config = `sentinel monitor mymaster 127.0.0.1 ${server.port} 1\nrename-command AUTH ""\n${password}`;
    const sentinel = await RedisServer.start({ config, args: ['--sentinel'] });
    closers.push(() => sentinel.stop());
    expect(await answerOf(sentinel.port, 'AUTH', ODD)).toContain(CANARY);
    const late = await start(
      {
        sentinels: [{ host: '127.0.0.1', port: sentinel.port }],
        name: 'mymaster',
        sentinelPassword: ODD,
        connectTimeout: 500,
      },
      { onFailure: 'retry', timeoutMs: 500 },
    );
    const told = isValkey ? '' : 'unknown command';
    await eventually(() => expect(String(late.status.reason)).toContain(told));
    await late.close();
    expect(leaks()).toEqual([]);
  });

  it('has no password where a node of a Cluster has no AUTH', async () => {
    const bare = await RedisServer.start({ args: without('AUTH') });
    closers.push(() => bare.stop());
    const transport = redisCluster({
      nodes: [`redis://:${encodeURIComponent(ODD)}@127.0.0.1:${bare.port}`],
      heartbeat: { intervalMs: 50 },
    });
    await expect(startOn(transport)).rejects.toThrow('unknown command');
    const late = await startOn(transport, { onFailure: 'retry' });
    expect(late.status.reason).toContain('unknown command');
    await late.close();
    expect(leaks()).toEqual([]);
  });

  const repeating = (wording: (words: string) => string) => (command: readonly string[]) =>
    /^(auth|hello|s?publish|eval)$/i.test(command[0]!) ? wording(command.join(' ')) : undefined;

  it.each<[string, (words: string) => string]>([
    ['as they are', (words) => `ERR AUTH filter: no route for ${words} here`],
    ['as JSON', (words) => `ERR AUTH not allowed in ${JSON.stringify({ words })}`],
    ['as JSON in JSON', (words) => `ERR AUTH not allowed in ${JSON.stringify(JSON.stringify(words))}`],
    ['in a URL', (words) => `ERR AUTH upstream /?q=${encodeURIComponent(words)} has no such thing`],
    ['in escaped bytes', (words) => `ERR AUTH cannot read ${escapedBytes(words, '\\x')}`],
    ['in bytes of a URL', (words) => `ERR AUTH cannot read ${escapedBytes(words, '%')}`],
    ['cut off', (words) => `ERR AUTH too long: ${words.slice(0, 26)}...`],
    ['as a denial', (words) => `NOPERM not for you: ${words}`],
    ['as a move', (words) => `MOVED 1 ${words}`],
  ])('has no password and no payload where a proxy repeats commands %s', async (_how, wording) => {
    const parrot = await ParrotServer.start(repeating(wording));
    closers.push(() => parrot.stop());
    const options = { port: parrot.port, password: ODD };
    await start(options, { timeoutMs: 500 }).catch(() => undefined);
    const late = await start(options, { onFailure: 'retry', timeoutMs: 500 });
    await late.close();
    const open = await start({ port: parrot.port });
    await publishAll(open.app.get(EventBusPublisher));
    await open.close();
    expect(CANARIES.some((canary) => parrot.said.join().includes(canary))).toBe(true);
    expect(leaks()).toEqual([]);
  });

  it('has no password where a proxy tells of the session in answers to other commands', async () => {
    let password = '';
    const parrot = await ParrotServer.start((command) => {
      if (command[0] === 'auth') password = command.at(-1)!;
      const isRefused = /^(pubsub|set|config|publish|eval)$/i.test(command[0]!) || command[1] === 'news';
      return isRefused ? `ERR not in session <${password}>` : undefined;
    });
    closers.push(() => parrot.stop());
    const { app, status, close } = await start({ port: parrot.port, password: ODD });
    await app.get(EventBusInspector).patternCount().catch(reveal);
    // It is asked again and again, as only NOPERM is a denial.
    const subscribing = app
      .get(EventBusSubscriber)
      .subscribe('news', () => undefined)
      .catch(reveal);
    await eventually(() => expect(status.reason).toContain('not in session'));
    reveal(status.reason);
    await publishAll(app.get(EventBusPublisher));
    await close();
    await subscribing;
    expect(output.join()).toContain('not in session <…>');
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
