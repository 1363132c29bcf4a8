/** @needs-redis-7 no sharded pub/sub */
import { inspect } from 'node:util';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cluster, Redis } from 'ioredis';
import type { EventBusModuleOptions, Gap, TransportFactory } from 'nestjs-redis-event-bus';
import {
  EventBusInspector,
  EventBusModule,
  EventBusPublisher,
  EventBusStatus,
  OnEvent,
  OnGap,
  redis,
  redisCluster,
} from 'nestjs-redis-event-bus';
import { Escapes } from '../support/escapes.js';
import { eventually } from '../support/eventually.js';
import { LogLines } from '../support/log.lines.js';
import { ParrotServer } from '../support/parrot.server.js';
import { RedisCluster } from '../support/redis.cluster.js';
import { RedisServer } from '../support/redis.server.js';
import { untyped } from '../support/untyped.js';

const heartbeat = { intervalMs: 50, timeoutMs: 2_000 };
const escapes = new Escapes();
let closers: (() => unknown)[] = [];

beforeEach(() => escapes.listen());
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  const escaped = await escapes.take();
  escapes.release();
  expect(escaped).toEqual([]);
});

/** Gives tokens that servers accept only while they are the current one. */
class TokenService {
  token = 'token-0000';
  asked = 0;
  private servers: readonly RedisServer[] = [];

  readonly give = async (): Promise<string> => {
    this.asked += 1;
    await Promise.resolve();
    return this.token;
  };

  async rule(servers: readonly RedisServer[], channels = '&*'): Promise<void> {
    this.servers = servers;
    await this.setEverywhere('reset', 'on', '~*', channels, '+@all', `>${this.token}`);
  }

  /** The last token expires, and whoever is logged in with it. */
  async renew(): Promise<void> {
    await this.replace();
    for (const server of this.servers) await server.cli('CLIENT', 'KILL', 'USER', 'bus');
  }

  async replace(): Promise<void> {
    this.token = `token-${String(Number(this.token.slice(-4)) + 1).padStart(4, '0')}`;
    await this.setEverywhere('resetpass', `>${this.token}`);
  }

  private async setEverywhere(...rules: string[]): Promise<void> {
    for (const server of this.servers) await server.cli('ACL', 'SETUSER', 'bus', ...rules);
  }
}

async function start(transport: TransportFactory, { startup }: Pick<EventBusModuleOptions, 'startup'> = {}) {
  const received: unknown[] = [];
  const gaps: Gap[] = [];
  class Handler {
    @OnEvent('orders:*')
    @OnEvent('{order}:paid', { kind: 'shard' })
    handle(payload: unknown) {
      received.push(payload);
    }

    @OnGap()
    onGap(gap: Gap) {
      gaps.push(gap);
    }
  }
  @Module({
    imports: [EventBusModule.forRoot({ transport, startup: startup ?? {} })],
    providers: [Handler],
  })
  class Service {}
  const log = new LogLines();
  const app = await NestFactory.createApplicationContext(Service, { logger: log, abortOnError: false });
  const close = () => app.close();
  closers.push(close);
  const status = app.get(EventBusStatus);
  const publisher = app.get(EventBusPublisher);
  return { app, status, publisher, received, gaps, log, close };
}

type Bus = Awaited<ReturnType<typeof start>>;

/** It hears what it publishes, on channels and on shard channels. */
async function expectToWork({ status, publisher, received }: Bus, id: number): Promise<void> {
  await eventually(() => expect(status.current).toBe('ready'));
  await eventually(() => publisher.publish('orders:created', { id }));
  await eventually(() => publisher.publish('{order}:paid', { id, shard: true }, { kind: 'shard' }));
  await eventually(() => {
    expect(received).toEqual(expect.arrayContaining([{ id }, { id, shard: true }]));
  });
}

async function expectToRecover(bus: Bus, tokens: TokenService): Promise<void> {
  await expectToWork(bus, 1);
  for (const id of [2, 3]) {
    const gapsBefore = bus.gaps.length;
    await tokens.renew();
    await eventually(() => expect(bus.gaps.length).toBeGreaterThan(gapsBefore));
    await expectToWork(bus, id);
  }
  expect(bus.gaps.every(({ reason }) => reason === 'connection-lost')).toBe(true);
}

describe('credentials that change', () => {
  let server: RedisServer;
  let tokens: TokenService;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    tokens = new TokenService();
    await tokens.rule([server]);
  });

  it('end the connections of a bus with a fixed password for good (control)', async () => {
    const transport = redis({ url: `redis://bus:${tokens.token}@127.0.0.1:${server.port}`, heartbeat });
    const bus = await start(transport);
    await expectToWork(bus, 1);
    await tokens.renew();
    await eventually(() => expect(bus.status.reason).toContain('WRONGPASS'));
    expect(bus.status.current).toBe('degraded');
  });

  it.each<[string, () => Parameters<typeof redis>[0]]>([
    ['a function', () => ({ port: server.port, username: 'bus', password: tokens.give })],
    [
      'a function that answers at once',
      () => ({ port: server.port, username: 'bus', password: () => tokens.token }),
    ],
    [
      'a function beside a URL',
      () => ({ url: `redis://bus@127.0.0.1:${server.port}`, password: tokens.give }),
    ],
    [
      'a function beside a URL with an old password',
      () => ({ url: `redis://bus:old-password@127.0.0.1:${server.port}`, password: tokens.give }),
    ],
    ['functions for both', () => ({ port: server.port, username: () => 'bus', password: tokens.give })],
    ['RESP3', () => ({ port: server.port, username: 'bus', password: tokens.give, protocol: 3 })],
  ])('are asked before each attempt: %s', async (_what, options) => {
    await expectToRecover(await start(redis(untyped({ ...options(), heartbeat }))), tokens);
  });

  it('are read from a client at each attempt', async () => {
    const client = new Redis({
      port: server.port,
      username: 'bus',
      password: tokens.token,
      lazyConnect: true,
    });
    const bus = await start(redis({ client, heartbeat }));
    tokens.renew = async () => {
      await tokens.replace();
      client.options.password = tokens.token;
      await server.cli('CLIENT', 'KILL', 'USER', 'bus');
    };
    await expectToRecover(bus, tokens);
  });

  it('may be the password of the default user', async () => {
    const locked = await RedisServer.start();
    closers.push(() => locked.stop());
    let password = 'password-1';
    await locked.cli('CONFIG', 'SET', 'requirepass', password);
    const bus = await start(redis({ port: locked.port, password: () => password, heartbeat }));
    await expectToWork(bus, 1);
    const old = password;
    password = 'password-2';
    const admin = new Redis({ port: locked.port, password: old });
    closers.push(() => admin.disconnect());
    await admin.config('SET', 'requirepass', password);
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await eventually(() => expect(bus.gaps).toHaveLength(1));
    await expectToWork(bus, 2);
  });

  it.each<[string, () => string | Promise<string>, string]>([
    [
      'throws',
      () => {
        throw new Error('no such role');
      },
      'password() failed: no such role',
    ],
    ['rejects', () => Promise.reject(new Error('no such role')), 'password() failed: no such role'],
    [
      'throws what has no text',
      () => {
        throw Object.create(null);
      },
      'password() failed: an object that has no text',
    ],
    [
      'never answers',
      () => new Promise(() => undefined),
      'no answer from password() within the connectTimeout of 200 ms',
    ],
    [
      'gives an empty string',
      () => '',
      'password() returned an empty string. It must return a non-empty string',
    ],
    ['gives nothing', () => untyped(undefined), 'password() returned undefined'],
    ['gives null', () => Promise.resolve(untyped(null)), 'password() returned null'],
    ['gives an object', () => untyped({ token: 'secret-token' }), 'password() returned an object'],
  ])(
    'fail an attempt that is followed by another one, where the function %s',
    async (_what, fail, reason) => {
      let give = fail;
      const options = {
        port: server.port,
        username: 'bus',
        password: () => give(),
        connectTimeout: 200,
        heartbeat,
      };
      const failing = start(redis(options), { startup: { timeoutMs: 600 } });
      await expect(failing).rejects.toThrow(reason);
      const bus = await start(redis(options), { startup: { timeoutMs: 300, onFailure: 'retry' } });
      await eventually(() => expect(bus.status.reason).toContain(reason));
      give = tokens.give;
      await expectToWork(bus, 1);
      give = fail;
      await tokens.renew();
      await eventually(() => expect(bus.status.reason).toContain(reason));
      give = tokens.give;
      await expectToWork(bus, 2);
    },
  );

  it('hold up no end of the bus', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const timersBefore = await eventually(() => timers());
    let asked = 0;
    const password = () => {
      asked += 1;
      return new Promise<string>(() => undefined);
    };
    const options = { port: server.port, password, connectTimeout: 60_000, heartbeat };
    const bus = await start(redis(options), { startup: { timeoutMs: 100, onFailure: 'retry' } });
    expect(asked).toBe(2);
    await bus.close();
    expect(asked).toBe(2);
    await eventually(() => expect(timers()).toBeLessThanOrEqual(timersBefore));
  });

  it('are nowhere in what is printed, however many were given and whatever a server repeats of them', async () => {
    const parrot = await ParrotServer.start(([name, ...args]) =>
      name === 'auth' ? `ERR AUTH bad: ${args.join(' ')}, was c4n4ry-000001` : undefined,
    );
    closers.push(() => parrot.stop());
    let given = 0;
    const password = () => {
      given += 1;
      if (given % 5 === 0) throw new Error(`c4n4ry-${String(given - 1).padStart(6, '0')} has expired`);
      return `c4n4ry-${String(given).padStart(6, '0')}`;
    };
    const options = { port: parrot.port, username: 'bus', password, heartbeat };
    const error: unknown = await start(redis(options)).catch((cause: unknown) => cause);
    expect(String(error)).toContain('ERR AUTH bad: bus …, was …');
    const bus = await start(redis(options), { startup: { onFailure: 'retry' } });
    const reasons = new Set<string | undefined>();
    await eventually(() => {
      reasons.add(bus.status.reason);
      expect(given).toBeGreaterThan(12);
      expect([...reasons].join()).toContain('password() failed: … has expired');
    });
    const printed = [error, bus.app.get(EventBusInspector).snapshot(), bus.log.lines, reasons];
    expect(inspect(printed, { depth: Infinity, showHidden: true, maxStringLength: Infinity })).not.toContain(
      'c4n4ry',
    );
    expect(parrot.said.join()).toContain('c4n4ry');
  });
});

describe('credentials that change behind Sentinel', () => {
  let server: RedisServer;
  let sentinel: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
    const config = `sentinel monitor mymaster 127.0.0.1 ${server.port} 1\n`;
    sentinel = await RedisServer.start({ config, args: ['--sentinel'] });
  });
  afterAll(async () => {
    await sentinel.stop();
    await server.stop();
  });

  const place = () => ({ sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: 'mymaster' });

  async function rules(): Promise<[TokenService, TokenService]> {
    const tokens = new TokenService();
    const ofSentinel = new TokenService();
    ofSentinel.token = 'watch-0000';
    await tokens.rule([server]);
    await ofSentinel.rule([sentinel]);
    await sentinel.cli('ACL', 'SETUSER', 'default', '-@all', '+acl', '+client', '+ping', '+info');
    return [tokens, ofSentinel];
  }

  /** Both at once, so that nothing of the old ones is of use. */
  async function renewBoth(tokens: TokenService, ofSentinel: TokenService): Promise<void> {
    await tokens.replace();
    await ofSentinel.renew();
    await server.cli('CLIENT', 'KILL', 'USER', 'bus');
  }

  it('are asked before each attempt at the master and at the sentinels', async () => {
    const [tokens, ofSentinel] = await rules();
    const bus = await start(
      redis({
        ...place(),
        username: 'bus',
        password: tokens.give,
        sentinelUsername: () => 'bus',
        sentinelPassword: ofSentinel.give,
        heartbeat,
      }),
    );
    await expectToWork(bus, 1);
    await renewBoth(tokens, ofSentinel);
    await eventually(() => expect(bus.gaps.length).toBeGreaterThan(0));
    await expectToWork(bus, 2);
  });

  it('are waited for longer than for an answer of a sentinel', async () => {
    const [tokens, ofSentinel] = await rules();
    let give: (token: string) => void = () => undefined;
    const token = new Promise<string>((resolve) => {
      give = resolve;
    });
    const options = {
      username: 'bus',
      password: tokens.give,
      sentinelUsername: 'bus',
      sentinelPassword: () => token,
    };
    const starting = start(redis({ ...place(), ...options, sentinelCommandTimeout: 50, heartbeat }), {
      startup: { timeoutMs: 300, onFailure: 'retry' },
    });
    const bus = await starting;
    expect(bus.status.current).not.toBe('ready');
    give(ofSentinel.token);
    await expectToWork(bus, 1);
  });

  it('are read from a client at each attempt', async () => {
    const [tokens, ofSentinel] = await rules();
    const client = new Redis({
      ...place(),
      username: 'bus',
      password: tokens.token,
      sentinelUsername: 'bus',
      sentinelPassword: ofSentinel.token,
      lazyConnect: true,
    });
    const bus = await start(redis({ client, heartbeat }));
    await expectToWork(bus, 1);
    await tokens.replace();
    await ofSentinel.replace();
    Object.assign(client.options, { password: tokens.token, sentinelPassword: ofSentinel.token });
    await sentinel.cli('CLIENT', 'KILL', 'USER', 'bus');
    await server.cli('CLIENT', 'KILL', 'USER', 'bus');
    await eventually(() => expect(bus.gaps.length).toBeGreaterThan(0));
    await expectToWork(bus, 2);
  });

  it('say of a sentinel why it is not asked', async () => {
    await rules();
    const sentinelPassword = () => Promise.reject(new Error('no such role'));
    const failing = start(redis({ ...place(), sentinelPassword, heartbeat }), {
      startup: { timeoutMs: 500 },
    });
    await expect(failing).rejects.toThrow('sentinelPassword() failed: no such role');
  });
});

describe('credentials that change on a Cluster', () => {
  let cluster: RedisCluster;
  let tokens: TokenService;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ masters: 2, replicasPerMaster: 0 });
  }, 60_000);
  afterAll(() => cluster.stopAll());
  beforeEach(async () => {
    tokens = new TokenService();
    await tokens.rule(cluster.nodes.map(({ server }) => server));
  });

  it('are asked before each attempt at each node', async () => {
    const bus = await start(
      redisCluster({ nodes: cluster.nodeUrls, username: 'bus', password: tokens.give, heartbeat }),
    );
    await expectToRecover(bus, tokens);
    expect(await bus.app.get(EventBusInspector).patternCount()).toBeGreaterThan(0);
    const askedBefore = tokens.asked;
    await bus.app.get(EventBusInspector).patternCount();
    expect(tokens.asked).toBe(askedBefore + 2);
  });

  it('are read from a client at each attempt', async () => {
    const nodes = cluster.nodes.map(({ server }) => ({ host: '127.0.0.1', port: server.port }));
    const redisOptions = { username: 'bus', password: tokens.token };
    const client = new Cluster(nodes, { redisOptions, lazyConnect: true });
    const bus = await start(redisCluster({ client, heartbeat }));
    await expectToWork(bus, 1);
    await tokens.replace();
    redisOptions.password = tokens.token;
    client.options.redisOptions = redisOptions;
    for (const { server } of cluster.nodes) await server.cli('CLIENT', 'KILL', 'USER', 'bus');
    await eventually(() => expect(bus.gaps.length).toBeGreaterThan(0));
    await expectToWork(bus, 2);
  });
});
