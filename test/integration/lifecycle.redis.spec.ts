import { inspect } from 'node:util';
import { join } from 'node:path';
import type {
  INestApplication,
  ModuleMetadata,
  OnApplicationShutdown,
  OnModuleDestroy,
} from '@nestjs/common';
import { Inject, Injectable, Module } from '@nestjs/common';
import { jest } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import type { EventBusModuleOptions, EventBusOptionsFactory } from 'nestjs-redis-event-bus';
import {
  BusClosedError,
  ConfigurationError,
  EventBusInspector,
  EventBusModule,
  EventBusPublisher,
  EventBusStatus,
  EventBusSubscriber,
  EventContext,
  InjectEventBusInspector,
  InjectEventBusPublisher,
  InjectEventBusStatus,
  InjectEventBusSubscriber,
  OnEvent,
  StartupError,
  json,
  redis,
  redisCluster,
} from 'nestjs-redis-event-bus';
import { eventually, settled } from '../support/eventually.js';
import { freePort } from '../support/free.port.js';
import { Inbox } from '../support/inbox.js';
import { itWithShards } from '../support/redis.major.js';
import { RedisServer } from '../support/redis.server.js';
import { startedApps } from '../support/started.apps.js';
import { untyped } from '../support/untyped.js';

/** Set for each project in jest.config.mjs. */
declare const IOREDIS_MAJOR: number;

/** What a start must not wait for: a test that fails at once would otherwise hang. */
const FOREVER = 2 ** 31 - 1;

const { create, log } = startedApps();
let server: RedisServer;
let closers: (() => unknown)[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

afterEach(async () => {
  for (const close of closers.reverse()) await close();
  closers = [];
  // The server hears of a closed socket a little later; its counts shall not tell of the previous test.
  await eventually(async () => expect(await pubsubCount()).toBe(0));
});

/** Every line of Nest's logger, with its level first. */
const lines = () =>
  log.lines.map(({ level, message, rest }) => `${level} ${message} ${rest.map(String).join(' ')}`);
const busLines = (...levels: string[]) =>
  lines().filter(
    (line) => / EventBus(:\w+)?$/.test(line) && levels.some((level) => line.startsWith(`${level} `)),
  );

const init = async (metadata: ModuleMetadata): Promise<INestApplication> => (await create(metadata)).init();

/** The warnings of a start without the bus. */
const starts = () => busLines('warn').filter((line) => line.includes('starts degraded'));

const bus = (options: Partial<EventBusModuleOptions> & { name?: string } = {}) =>
  EventBusModule.forRoot({ transport: redis({ url: server.url }), ...options });

const reject = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => Promise.reject(new Error('It did not reject.')),
    (error: Error) => error,
  );

/** What keeps this process alive. */
const openResources = (type: RegExp) =>
  process.getActiveResourcesInfo().filter((name) => type.test(name)).length;

/** Resolves when no more is open than before; the call tells what that was. */
function watchResources(): () => Promise<void> {
  const [sockets, timers] = [openResources(/TCP|TLS/), openResources(/Timeout/)];
  return () =>
    eventually(() => {
      expect(openResources(/TCP|TLS/)).toBeLessThanOrEqual(sockets);
      // One is that of eventually() itself.
      expect(openResources(/Timeout/)).toBeLessThanOrEqual(timers + 1);
    });
}

async function clientCount(of = server): Promise<number> {
  // One is the connection that asks.
  return (
    String(await of.cli('CLIENT', 'LIST', 'TYPE', 'normal'))
      .split('\n')
      .filter(Boolean).length -
    1 +
    (await pubsubCount(of))
  );
}

async function pubsubCount(of = server): Promise<number> {
  return String(await of.cli('CLIENT', 'LIST', 'TYPE', 'pubsub'))
    .split('\n')
    .filter(Boolean).length;
}

describe('starting', () => {
  itWithShards('has every subscription confirmed before it resolves', async () => {
    const other = new Redis(server.url);
    closers.push(() => other.disconnect());
    await other.ping();
    for (let round = 0; round < 20; round += 1) {
      const inbox = new Inbox<unknown>();
      @Injectable()
      class Notifier {
        @OnEvent('orders:created')
        onChannel(order: unknown) {
          inbox.push(order);
        }

        @OnEvent('paid:*')
        onPattern(order: unknown) {
          inbox.push(order);
        }

        @OnEvent('shop', { kind: 'shard' })
        onShard(order: unknown) {
          inbox.push(order);
        }
      }
      const app = await init({ imports: [bus()], providers: [Notifier] });
      const published: Promise<unknown>[] = [];
      for (let n = 0; n < 100; n += 4) {
        published.push(
          other.publish('orders:created', String(n)),
          other.publish('orders:created', String(n + 1)),
        );
        published.push(other.publish('paid:card', String(n + 2)), other.spublish('shop', String(n + 3)));
      }
      expect(new Set(await Promise.all(published))).toEqual(new Set([1]));
      const received = await inbox.count(100);
      expect(received.toSorted((x, y) => Number(x) - Number(y))).toEqual(
        Array.from({ length: 100 }, (_, n) => n),
      );
      await app.close();
    }
  });

  it('publishes from onModuleInit on, in every other module', async () => {
    @Injectable()
    class Announcer {
      subscriptions: number | undefined;
      constructor(private readonly publisher: EventBusPublisher) {}

      async onModuleInit() {
        this.subscriptions = await this.publisher.publish('announced', null);
      }
    }
    @Module({ providers: [Announcer] })
    class FeatureModule {}
    const app = await init({ imports: [bus(), FeatureModule] });
    expect(app.get(Announcer, { strict: false }).subscriptions).toBe(0);
  });

  it('says once that it is ready, and where', async () => {
    await init({ imports: [bus()] });
    expect(busLines('log', 'warn', 'error')).toEqual([
      expect.stringContaining(
        `(transport=redis address=127.0.0.1:${server.port} handlers=0 subscriptions=0)`,
      ),
    ]);
  });

  describe('without a permission', () => {
    const COMMANDS = [
      '+subscribe',
      '+psubscribe',
      '+unsubscribe',
      '+punsubscribe',
      '+publish',
      '+ping',
      '+info',
    ];
    function grant(...channels: string[]) {
      const rules = [
        'on',
        '>secret',
        'resetkeys',
        'resetchannels',
        ...channels.map((name) => `&${name}`),
        '-@all',
      ];
      return server.cli('ACL', 'SETUSER', 'bus', ...rules, ...COMMANDS);
    }
    const transport = () =>
      redis({ host: '127.0.0.1', port: server.port, username: 'bus', password: 'secret' });

    const inbox = new Inbox<unknown>();
    @Injectable()
    class Auditor {
      @OnEvent('secret:orders')
      record(order: unknown) {
        inbox.push(order);
      }

      @OnEvent(['secret:orders', 'orders:*'])
      compare(order: unknown) {
        inbox.push(order);
      }
    }
    @Injectable()
    class Notifier {
      @OnEvent('orders:*')
      notify(order: unknown) {
        inbox.push(order);
      }
    }
    beforeEach(async () => {
      inbox.clear();
      await grant('orders:*');
    });
    afterEach(() => server.cli('ACL', 'DELUSER', 'bus'));

    it('fails, and names the target and every handler that asked for it', async () => {
      const app = await create({
        imports: [bus({ transport: transport() })],
        providers: [Auditor, Notifier],
      });
      const error = await reject(app.init());
      expect(error).toBeInstanceOf(StartupError);
      expect(error.message).toContain('Redis refused the subscription to "secret:orders": NOPERM');
      expect(error.message).toContain('(handlers: Auditor.record, Auditor.compare)');
      expect(error.message).not.toContain('Notifier');
      expect(app.get(EventBusStatus).current).toBe('closed');
      await expect(app.get(EventBusPublisher).publish('orders:created', 1)).rejects.toThrow(BusClosedError);
      await eventually(async () => expect(await clientCount()).toBe(0));
    });

    it('starts degraded when told to retry, serves the others, and recovers', async () => {
      const app = await init({
        imports: [bus({ transport: transport(), startup: { onFailure: 'retry' } })],
        providers: [Auditor, Notifier],
      });
      const status = app.get(EventBusStatus);
      expect(status.current).toBe('degraded');
      expect(status.reason).toContain('NOPERM');
      expect(starts()).toEqual([
        expect.stringContaining('Redis refused the subscription to \\"secret:orders\\"'),
      ]);
      await app.get(EventBusPublisher).publish('orders:created', 1);
      expect(await inbox.count(2)).toEqual([1, 1]);

      await grant('orders:*', 'secret:*');
      await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await status.whenReady();
      await app.get(EventBusPublisher).publish('secret:orders', 2);
      expect(await inbox.count(4)).toEqual([1, 1, 2, 2]);
    });
  });

  describe('without Redis', () => {
    it('fails within startup.timeoutMs, names the address and the reason, and leaves nothing open', async () => {
      const port = await freePort();
      const resourcesAreFreed = watchResources();
      const app = await create({
        imports: [bus({ transport: redis({ host: '127.0.0.1', port }), startup: { timeoutMs: 100 } })],
      });
      const error = await reject(app.init());
      expect(error).toBeInstanceOf(StartupError);
      expect(error.message).toContain(`No connection to redis at 127.0.0.1:${port} within 100 ms (`);
      expect(error.message).toContain(`connect ECONNREFUSED 127.0.0.1:${port})`);
      expect(app.get(EventBusStatus).current).toBe('closed');
      await resourcesAreFreed();
    });

    it.each<[string, (port: number) => EventBusModuleOptions['transport']]>([
      ['url', (port) => redis({ url: `redis://127.0.0.1:${port}` })],
      ['host', (port) => redis({ host: '127.0.0.1', port })],
      ['port', (port) => redis({ port })],
      ['path', () => redis({ path: '/nowhere.sock' })],
      ['sentinels', (port) => redis({ sentinels: [{ host: '127.0.0.1', port }], name: 'mymaster' })],
      ['client', (port) => redis({ client: new Redis({ port, lazyConnect: true }) })],
      ['nodes', (port) => redisCluster({ nodes: [`redis://127.0.0.1:${port}`] })],
      ['client', (port) => redisCluster({ client: new Cluster([{ port }], { lazyConnect: true }) })],
    ])('names the option to correct: %s', async (option, transportAt) => {
      const transport = transportAt(await freePort());
      const app = await create({ imports: [bus({ transport, startup: { timeoutMs: 100 } })] });
      const { message } = await reject(app.init());
      expect(message).toContain(`Start it, or correct the ${option} of the transport; `);
    });

    it('starts degraded when told to retry, with one warning, and recovers', async () => {
      const port = await freePort();
      const inbox = new Inbox<unknown>();
      @Injectable()
      class Notifier {
        @OnEvent('orders:*')
        notify(order: unknown) {
          inbox.push(order);
        }
      }
      const transport = redis({ host: '127.0.0.1', port });
      const app = await init({
        imports: [bus({ transport, startup: { timeoutMs: 50, onFailure: 'retry' } })],
        providers: [Notifier],
      });
      const status = app.get(EventBusStatus);
      expect(status.current).toBe('degraded');
      expect(status.reason).toContain('ECONNREFUSED');
      expect(starts()).toHaveLength(1);
      await expect(app.get(EventBusPublisher).publish('orders:created', 1)).rejects.toMatchObject({
        code: 'EVENT_BUS_NOT_CONNECTED',
      });

      const late = await RedisServer.start({ port });
      closers.unshift(() => late.stop());
      await status.whenReady();
      await app.get(EventBusPublisher).publish('orders:created', 2);
      expect(await inbox.count(1)).toEqual([2]);
      expect(starts()).toHaveLength(1);
      expect(busLines('log')).toEqual([expect.stringContaining('Event bus is ready (')]);
      await app.close();
    });

    it('closes, when told to retry, before there was ever a link', async () => {
      @Injectable()
      class Notifier {
        @OnEvent('orders:*')
        notify() {}
      }
      const transport = redis({ host: '127.0.0.1', port: await freePort() });
      const app = await init({
        imports: [bus({ transport, startup: { timeoutMs: 20, onFailure: 'retry' } })],
        providers: [Notifier],
      });
      await app.close();
      expect(app.get(EventBusStatus).current).toBe('closed');
      await settled();
      expect(starts()).toHaveLength(1);
    });
  });

  describe('with credentials', () => {
    const CANARY = 'c4n4ry-p4ssw0rd';
    let locked: RedisServer;
    const output: string[] = [];
    beforeAll(async () => {
      locked = await RedisServer.start({ password: 'right' });
      await locked.cli('ACL', 'SETUSER', 'bob', 'on', '>right', '~*', '&*', '+@all');
    });
    afterAll(() => locked.stop());
    beforeEach(() => {
      output.length = 0;
      for (const method of ['log', 'warn', 'error', 'info', 'debug'] as const) {
        jest
          .spyOn(console, method)
          .mockImplementation((...args) => void output.push(inspect(args, { depth: 20 })));
      }
    });
    afterEach(() => jest.restoreAllMocks());

    const at = () => `127.0.0.1:${locked.port}`;
    const wrong = [
      ['in the URL', () => redis({ url: `redis://:${CANARY}@${at()}` })],
      ['of a user in the URL', () => redis({ url: `redis://bob:${CANARY}@${at()}` })],
      ['as an option', () => redis({ host: '127.0.0.1', port: locked.port, password: CANARY })],
      [
        'of an unknown user',
        () => redis({ host: '127.0.0.1', port: locked.port, username: 'eve', password: CANARY }),
      ],
      [
        'of a client',
        () => {
          const client = new Redis(`redis://:${CANARY}@${at()}`, { lazyConnect: true });
          return redis({ client });
        },
      ],
    ] as const;

    it.each(wrong)(
      'fails at once on a wrong password %s, and shows it nowhere',
      async (_where, transport) => {
        const app = await create({
          imports: [bus({ transport: transport(), startup: { timeoutMs: FOREVER } })],
        });
        const error = await reject(app.init());
        expect(error).toBeInstanceOf(StartupError);
        expect(error.message).toMatch(
          /^Redis at 127\.0\.0\.1:\d+ rejected the connection: WRONGPASS .*\. Check the user and the password in the Redis URL\.$/,
        );
        const snapshot = JSON.stringify(app.get(EventBusInspector).snapshot());
        const seen = [
          inspect(error, { depth: Infinity, showHidden: true }),
          error.stack,
          snapshot,
          ...lines(),
          ...output,
        ];
        expect(seen.filter((text) => text?.includes(CANARY))).toEqual([]);
        await eventually(async () => expect(await clientCount(locked)).toBe(0));
      },
    );

    it('fails at once when a password is missing, and says so', async () => {
      const app = await create({
        imports: [bus({ transport: redis({ url: `redis://${at()}` }), startup: { timeoutMs: FOREVER } })],
      });
      const error = await reject(app.init());
      expect(error).toBeInstanceOf(StartupError);
      expect(error.message).toMatch(
        /rejected the connection: NOAUTH .*\. Add a user and a password to the Redis URL\.$/,
      );
    });

    it('goes on trying when told to, and is ready once the password is right', async () => {
      const app = await init({
        imports: [
          bus({
            transport: redis({ url: `redis://:${CANARY}@${at()}` }),
            startup: { timeoutMs: FOREVER, onFailure: 'retry' },
          }),
        ],
      });
      const status = app.get(EventBusStatus);
      expect(status.current).toBe('degraded');
      expect(status.reason).toContain('WRONGPASS');
      await locked.cli('ACL', 'SETUSER', 'default', `>${CANARY}`);
      await status.whenReady();
      expect(status.reason).toBeUndefined();
      await app.close();
      await locked.cli('ACL', 'SETUSER', 'default', `<${CANARY}`);
      expect([...lines(), ...output].filter((text) => text.includes(CANARY))).toEqual([]);
    });

    it('starts with the right ones, also with characters that a URL has to encode', async () => {
      const odd = 'p@ss/w:rd? #%';
      await locked.cli('ACL', 'SETUSER', 'odd', 'on', `>${odd}`, '~*', '&*', '+@all');
      const app = await init({
        imports: [bus({ transport: redis({ url: `redis://odd:${encodeURIComponent(odd)}@${at()}` }) })],
      });
      expect(app.get(EventBusStatus).current).toBe('ready');
      expect(app.get(EventBusInspector).snapshot().transport.address).toBe(at());
    });

    it('starts when the server asks for none', async () => {
      const app = await init({
        imports: [bus({ transport: redis({ url: server.url.replace('//', `//:${CANARY}@`) }) })],
      });
      expect(app.get(EventBusStatus).current).toBe('ready');
      expect([...lines(), ...output].filter((text) => text.includes(CANARY))).toEqual([]);
    });

    it('keeps them out of a wrong URL that it reports', async () => {
      const error = await reject(
        create({ imports: [bus({ transport: redis({ url: `http://u:${CANARY}@h` }) })] }),
      );
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(inspect(error, { depth: Infinity })).not.toContain(CANARY);
    });
  });

  it('fails on a database that the server does not have', async () => {
    const app = await create({
      imports: [bus({ transport: redis({ url: `${server.url}/4711` }), startup: { timeoutMs: FOREVER } })],
    });
    const error = await reject(app.init());
    expect(error).toBeInstanceOf(StartupError);
    expect(error.message).toContain('DB index is out of range. Check the database number in the Redis URL');
  });

  it('reports everything that is wrong with the options at once, before it connects', async () => {
    const error = (await reject(
      create({
        imports: [
          EventBusModule.forRoot(
            untyped({
              transport: redis(
                untyped({ url: 'localhost:6379', keyPrefix: 'shop:', enableOfflineQueue: true }),
              ),
              prefix: 7,
              codec: { encode: 1 },
              maxPayloadBytes: 0,
              startup: { timeoutMs: -1, onFailure: 'ignore' },
              shutdown: { drainTimeoutMs: 1.5, drainTimeout: 5 },
              retries: 3,
            }),
          ),
        ],
      }),
    )) as ConfigurationError;
    expect(error).toBeInstanceOf(ConfigurationError);
    const expected = [
      'redis({ url }): is not a URL because it does not start with redis://. Write redis://host:6379',
      'redis({ keyPrefix }) cannot be set',
      'redis({ enableOfflineQueue }) cannot be set',
      'prefix must be a string',
      'codec must have encode and decode',
      'maxPayloadBytes must be',
      'startup.timeoutMs must be',
      "startup.onFailure must be 'throw' or 'retry'",
      'shutdown.drainTimeoutMs must be',
      'shutdown.drainTimeout is not an option',
      'retries is not an option',
    ];
    for (const text of expected) expect(error.problems).toContainEqual(expect.stringContaining(text));
    expect(error.problems).toHaveLength(expected.length);
    for (const problem of error.problems) expect(error.message).toContain(problem);
  });

  it('reports wrong targets with the handlers that have them, before it connects', async () => {
    @Injectable()
    class Notifier {
      @OnEvent('')
      empty() {}

      @OnEvent('orders:*', { kind: 'shard' })
      sharded() {}
    }
    const app = await create({
      imports: [bus({ transport: redis({ host: '127.0.0.1', port: await freePort() }) })],
      providers: [Notifier],
    });
    const error = (await reject(app.init())) as ConfigurationError;
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.problems).toEqual([
      expect.stringContaining('Notifier.empty'),
      expect.stringContaining('Notifier.sharded'),
    ]);
  });

  it('fails halfway without leaving anything open once the application is closed', async () => {
    const resourcesAreFreed = watchResources();
    const app = await create({
      imports: [
        bus(),
        bus({
          name: 'far',
          transport: redis({ host: '127.0.0.1', port: await freePort() }),
          startup: { timeoutMs: 50 },
        }),
      ],
    });
    await expect(app.init()).rejects.toThrow(StartupError);
    await app.close();
    await resourcesAreFreed();
    expect(await clientCount()).toBe(0);
  });

  it('leaves nothing open when another module fails and the application is closed', async () => {
    @Injectable()
    class Broken {
      @OnEvent('orders:*')
      handle() {}

      onApplicationBootstrap() {
        throw new Error('another module');
      }
    }
    const app = await create({ imports: [bus()], providers: [Broken] });
    await expect(app.init()).rejects.toThrow('another module');
    await app.close();
    await eventually(async () => expect(await clientCount()).toBe(0));
  });

  it('closes what was never started', async () => {
    const app = await create({ imports: [bus()] });
    await app.close();
    await expect(app.get(EventBusPublisher).publish('orders', 1)).rejects.toThrow(BusClosedError);
    expect(await clientCount()).toBe(0);
  });
});

describe('stopping', () => {
  /** A handler whose calls end when the test says so. */
  function gate() {
    const started = new Inbox<EventContext>();
    const finished: unknown[] = [];
    let open!: () => void;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    return {
      started,
      finished,
      open,
      async pass(event: EventContext) {
        started.push(event);
        await opened;
        finished.push(event.payload);
      },
    };
  }

  it('waits for handlers in flight and for the events behind them', async () => {
    const slow = gate();
    @Injectable()
    class Slow {
      @OnEvent('orders:*')
      handle(_order: unknown, event: EventContext) {
        return slow.pass(event);
      }
    }
    const app = await init({ imports: [bus({ shutdown: { drainTimeoutMs: FOREVER } })], providers: [Slow] });
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    const events = numbers.map((n) => ({ channel: `orders:${n}`, payload: n }));
    // Twice: the second event of a channel waits for the first.
    await app.get(EventBusPublisher).publishMany([...events, ...events]);
    await slow.started.count(20);

    const idle = await init({ imports: [bus()] });
    let isClosed = false;
    const closing = app.close().then(() => (isClosed = true));
    // One that has nothing to wait for would be the later of the two.
    await idle.close();
    await settled();
    expect([isClosed, slow.finished]).toEqual([false, []]);
    slow.open();
    await closing;
    expect(slow.finished.toSorted((x, y) => Number(x) - Number(y))).toEqual(numbers.flatMap((n) => [n, n]));
    expect(busLines('warn', 'error')).toEqual([]);
  });

  it('takes nothing in once it drains', async () => {
    const slow = gate();
    @Injectable()
    class Slow {
      @OnEvent(['orders', 'fence'])
      handle(_order: unknown, event: EventContext) {
        return slow.pass(event);
      }
    }
    const app = await init({ imports: [bus()], providers: [Slow] });
    const publisher = app.get(EventBusPublisher);
    expect(await publisher.publish('orders', 'before')).toBe(1);
    await slow.started.count(1);
    const closing = app.close();
    await eventually(async () => expect(await server.cli('PUBSUB', 'CHANNELS')).toEqual([]));
    expect(await publisher.publish('orders', 'after')).toBe(0);
    slow.open();
    await closing;
    expect(slow.finished).toEqual(['before']);
  });

  it('names an endless handler in one warning after drainTimeoutMs, and aborts its signal', async () => {
    const endless = gate();
    const aborted = new Inbox<unknown>();
    @Injectable()
    class Endless {
      @OnEvent('orders')
      async handle(_order: unknown, event: EventContext) {
        event.signal.addEventListener('abort', () => aborted.push((event.signal.reason as Error).message));
        await endless.pass(event);
      }
    }
    @Injectable()
    class Quick {
      @OnEvent('orders')
      handle() {}
    }
    const app = await init({
      imports: [bus({ shutdown: { drainTimeoutMs: 30 } })],
      providers: [Endless, Quick],
    });
    await app
      .get(EventBusPublisher)
      .publishMany([1, 2, 3].map((payload) => ({ channel: 'orders', payload })));
    await endless.started.count(1);
    await app.close();
    expect(busLines('warn', 'error')).toEqual([
      expect.stringContaining('(drainTimeoutMs=30 unfinished="Endless.handle: 1 running, 2 waiting")'),
    ]);
    expect(aborted.items).toEqual(['The application is shutting down.']);
    expect(endless.started.items[0]?.signal.aborted).toBe(true);
    endless.open();
    await settled();
    expect(endless.finished).toEqual([1]);
  });

  it('does not wait at all with a drainTimeoutMs of 0', async () => {
    const endless = gate();
    @Injectable()
    class Endless {
      @OnEvent('orders')
      handle(_order: unknown, event: EventContext) {
        return endless.pass(event);
      }
    }
    const app = await init({ imports: [bus({ shutdown: { drainTimeoutMs: 0 } })], providers: [Endless] });
    await app.get(EventBusPublisher).publish('orders', 1);
    await endless.started.count(1);
    await app.close();
    expect(busLines('warn')).toEqual([expect.stringContaining('Endless.handle: 1 running, 0 waiting')]);
    endless.open();
  });

  it('lets handlers publish while it drains', async () => {
    const slow = gate();
    const outcomes: unknown[] = [];
    @Injectable()
    class Forwarder {
      constructor(private readonly publisher: EventBusPublisher) {}

      @OnEvent('orders')
      async handle(order: unknown, event: EventContext) {
        await slow.pass(event);
        outcomes.push(await this.publisher.publish('forwarded', order));
      }
    }
    const other = await init({ imports: [bus()] });
    const inbox = new Inbox<unknown>();
    await other.get(EventBusSubscriber).subscribe('forwarded', inbox.push);
    const app = await init({ imports: [bus()], providers: [Forwarder] });
    await app.get(EventBusPublisher).publish('orders', 'x');
    await slow.started.count(1);
    const closing = app.close();
    await eventually(async () =>
      expect(await server.cli('PUBSUB', 'NUMSUB', 'orders')).toEqual(['orders', 0]),
    );
    slow.open();
    await closing;
    expect(outcomes).toEqual([1]);
    expect(await inbox.count(1)).toEqual(['x']);
  });

  it('lets every publish in flight settle, also when the server takes its time', async () => {
    const app = await init({ imports: [bus()] });
    // It holds publishes back for longer than ioredis would let a socket live that it wants closed.
    await server.cli('CLIENT', 'PAUSE', '400', 'WRITE');
    const publishing = Array.from({ length: 200 }, (_, n) => app.get(EventBusPublisher).publish('orders', n));
    await app.close();
    expect(new Set(await Promise.all(publishing))).toEqual(new Set([0]));
  });

  it("publishes until a feature module's onApplicationShutdown, and never after close", async () => {
    const outcomes: unknown[] = [];
    @Injectable()
    class Farewell implements OnModuleDestroy, OnApplicationShutdown {
      constructor(private readonly publisher: EventBusPublisher) {}

      onModuleDestroy = () => this.say('onModuleDestroy');
      beforeApplicationShutdown = () => this.say('beforeApplicationShutdown');
      onApplicationShutdown = () => this.say('onApplicationShutdown');

      /** Its hooks run again when the test is over and closes all: Nest 11 would stop at one that rejects. */
      private async say(hook: string) {
        outcomes.push(await this.publisher.publish('bye', hook).catch((error: unknown) => error));
      }
    }
    @Module({ providers: [Farewell] })
    class FeatureModule {}
    const other = await init({ imports: [bus()] });
    const inbox = new Inbox<unknown>();
    await other.get(EventBusSubscriber).subscribe('bye', inbox.push);

    const app = await init({ imports: [FeatureModule, bus()] });
    await app.close();
    expect(outcomes).toEqual([1, 1, 1]);
    expect(await inbox.count(3)).toEqual([
      'onModuleDestroy',
      'beforeApplicationShutdown',
      'onApplicationShutdown',
    ]);

    const publisher = app.get(EventBusPublisher);
    await expect(publisher.publish('bye', 1)).rejects.toThrow(BusClosedError);
    await expect(publisher.publishMany([{ channel: 'bye', payload: 1 }])).rejects.toMatchObject({
      outcomes: [{ error: expect.any(BusClosedError) }],
    });
    await expect(app.get(EventBusSubscriber).subscribe('bye', () => undefined)).rejects.toThrow(
      BusClosedError,
    );
    await expect(app.get(EventBusInspector).channels()).rejects.toThrow(BusClosedError);
    await expect(app.get(EventBusStatus).whenReady()).rejects.toThrow(BusClosedError);
  });

  it('ends for all who ask, and leaves nothing open', async () => {
    const resourcesAreFreed = watchResources();
    for (let round = 0; round < 5; round += 1) {
      const app = await init({ imports: [bus()] });
      await app.get(EventBusSubscriber).subscribe(['orders', 'o*'], () => undefined);
      await app.get(EventBusPublisher).publish('orders', 1);
      await Promise.all([app.close(), app.close()]);
    }
    await resourcesAreFreed();
    expect(await clientCount()).toBe(0);
  });
});

describe('modules', () => {
  @Injectable()
  class BusConfig implements EventBusOptionsFactory {
    createEventBusOptions(): EventBusModuleOptions {
      return { transport: redis({ url: server.url }), prefix: 'configured:' };
    }
  }
  @Module({ providers: [BusConfig], exports: [BusConfig] })
  class ConfigModule {}

  it.each([
    [
      'useFactory',
      () =>
        EventBusModule.forRootAsync({
          imports: [ConfigModule],
          inject: [BusConfig],
          useFactory: async (config: BusConfig) => Promise.resolve(config.createEventBusOptions()),
        }),
    ],
    ['useClass', () => EventBusModule.forRootAsync({ useClass: BusConfig })],
    ['useExisting', () => EventBusModule.forRootAsync({ imports: [ConfigModule], useExisting: BusConfig })],
  ])('takes its options from forRootAsync with %s', async (_name, imported) => {
    const inbox = new Inbox<unknown>();
    @Injectable()
    class Notifier {
      @OnEvent('orders:*')
      notify(order: unknown) {
        inbox.push(order);
      }
    }
    const app = await init({ imports: [imported()], providers: [Notifier] });
    expect(await app.get(EventBusPublisher).publish('orders:created', 1)).toBe(1);
    expect(await inbox.count(1)).toEqual([1]);
    expect(app.get(EventBusInspector).snapshot().prefix).toBe('configured:');
  });

  it('fails with everything that is wrong with options from a factory', async () => {
    const imported = EventBusModule.forRootAsync({ useFactory: () => untyped({ prefix: '__x' }) });
    await expect(create({ imports: [imported] })).rejects.toMatchObject({
      problems: [
        expect.stringContaining('transport is missing'),
        expect.stringContaining('prefix must not start'),
      ],
    });
  });

  it('runs named buses side by side, each with its injectables and its handlers', async () => {
    const inbox = new Inbox<unknown>();
    @Injectable()
    class Notifier {
      constructor(
        @InjectEventBusPublisher('audit') readonly auditPublisher: EventBusPublisher,
        @InjectEventBusSubscriber('audit') readonly auditSubscriber: EventBusSubscriber,
        @InjectEventBusInspector('audit') readonly auditInspector: EventBusInspector,
        @InjectEventBusStatus('audit') readonly auditStatus: EventBusStatus,
        @InjectEventBusPublisher() readonly publisher: EventBusPublisher,
      ) {}

      @Inject(EventBusPublisher) readonly byClass!: EventBusPublisher;

      @OnEvent('orders')
      onDefault(order: unknown, event: EventContext) {
        inbox.push([event.bus, order]);
      }

      @OnEvent('orders', { bus: 'audit' })
      onAudit(order: unknown, event: EventContext) {
        inbox.push([event.bus, order]);
      }
    }
    const app = await init({
      imports: [bus({ prefix: 'shop:' }), bus({ name: 'audit', prefix: 'audit:' })],
      providers: [Notifier],
    });
    const notifier = app.get(Notifier);
    expect(notifier.publisher).toBe(notifier.byClass);
    expect(notifier.publisher).not.toBe(notifier.auditPublisher);
    expect(notifier.auditStatus.current).toBe('ready');
    expect(notifier.auditInspector.snapshot()).toMatchObject({ bus: 'audit', prefix: 'audit:' });
    await notifier.auditSubscriber.subscribe('orders', (order, event) =>
      inbox.push([`${event.bus} too`, order]),
    );
    expect(await notifier.publisher.publish('orders', 1)).toBe(1);
    expect(await inbox.count(1)).toEqual([['default', 1]]);
    expect(await notifier.auditPublisher.publish('orders', 2)).toBe(1);
    expect(await inbox.count(3)).toEqual([
      ['default', 1],
      ['audit', 2],
      ['audit too', 2],
    ]);
  });

  it('refuses two buses of the same name', async () => {
    for (const name of [undefined, 'audit']) {
      const two = [bus(name === undefined ? {} : { name }), bus(name === undefined ? {} : { name })];
      const app = await create({ imports: two });
      const error = (await reject(app.init())) as ConfigurationError;
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error.problems).toEqual([
        expect.stringContaining(`there are two buses named ${JSON.stringify(name ?? 'default')}`),
      ]);
      expect(await clientCount()).toBe(0);
    }
  });

  it('keeps two applications of one process apart', async () => {
    const inboxes = [new Inbox<unknown>(), new Inbox<unknown>()];
    const apps = await Promise.all(
      ['one:', 'two:'].map(async (prefix, index) => {
        @Injectable()
        class Notifier {
          @OnEvent('orders')
          notify(order: unknown) {
            inboxes[index]?.push(order);
          }
        }
        return init({ imports: [bus({ prefix })], providers: [Notifier] });
      }),
    );
    await apps[0]?.get(EventBusPublisher).publish('orders', 'first');
    await apps[0]?.close();
    await apps[1]?.get(EventBusPublisher).publish('orders', 'second');
    expect(await inboxes[1]?.count(1)).toEqual(['second']);
    expect(inboxes[0]?.items).toEqual(['first']);
  });
});

describe('redis({ client })', () => {
  itWithShards('connects as the client does, and leaves it open and usable', async () => {
    const client = new Redis(server.url, { keyPrefix: 'mine:', db: 3, connectionName: 'shop' });
    closers.push(() => client.disconnect());
    const own = new Inbox<unknown>();
    client.on('message', (channel, body) => own.push([channel, body]));
    await client.set('key', 'value');
    await client.subscribe('own');

    const app = await init({ imports: [bus({ transport: redis({ client }) })] });
    const inbox = new Inbox<unknown>();
    await app.get(EventBusSubscriber).subscribe('orders', inbox.push);
    await app.get(EventBusSubscriber).subscribe('shop', inbox.push, { kind: 'shard' });
    expect(await app.get(EventBusPublisher).publish('orders', 1)).toBe(1);
    expect(await app.get(EventBusPublisher).publish('shop', 2, { kind: 'shard' })).toBe(1);
    expect(await inbox.count(2)).toEqual([1, 2]);
    const names = String(await server.cli('CLIENT', 'LIST')).match(/name=shop .*db=3/g);
    expect(names).toHaveLength(3);
    await app.close();

    expect(client.status).toBe('ready');
    expect(client.options.keyPrefix).toBe('mine:');
    await server.cli('PUBLISH', 'own', 'still here');
    expect(await own.count(1)).toEqual([['own', 'still here']]);
    await client.unsubscribe();
    expect(await client.get('key')).toBe('value');
  });

  it('takes a client of another copy of ioredis, an older or a newer one', async () => {
    const copy = IOREDIS_MAJOR >= 6 ? 'ioredis5' : '../../node_modules/ioredis/built/index.js';
    const { Redis: OtherRedis } = (await import(copy)) as typeof import('ioredis');
    expect(OtherRedis).not.toBe(Redis);
    const client = new OtherRedis(server.url, { lazyConnect: true });
    const app = await init({ imports: [bus({ transport: redis({ client }) })] });
    const inbox = new Inbox<unknown>();
    await app.get(EventBusSubscriber).subscribe(['orders', 'paid:*'], inbox.push);
    await app.get(EventBusPublisher).publish('orders', 1);
    await app.get(EventBusPublisher).publish('paid:card', 2);
    expect(await inbox.count(2)).toEqual([1, 2]);
    await app.close();
  });

  it('does not need the client to be connected, and does not connect it', async () => {
    const client = new Redis(server.url, { lazyConnect: true });
    const app = await init({ imports: [bus({ transport: redis({ client }) })] });
    expect(app.get(EventBusStatus).current).toBe('ready');
    await app.close();
    expect(client.status).toBe('wait');
  });
});

describe('redis({ path })', () => {
  it('goes through a unix socket', async () => {
    const path = join(server.directory, 'redis.sock');
    const socketServer = await RedisServer.start({ args: ['--unixsocket', path] });
    closers.unshift(() => socketServer.stop());
    const app = await init({ imports: [bus({ transport: redis({ path }) })] });
    const inbox = new Inbox<unknown>();
    await app.get(EventBusSubscriber).subscribe('orders', inbox.push);
    await app.get(EventBusPublisher).publish('orders', 1);
    expect(await inbox.count(1)).toEqual([1]);
    expect(app.get(EventBusInspector).snapshot().transport.address).toBe(path);
    await app.close();
  });
});

describe('redis({ url })', () => {
  it('takes the database from it, which events do not care about', async () => {
    const [third, none] = await Promise.all([
      init({ imports: [bus({ transport: redis({ url: `${server.url}/3`, connectionName: 'third' }) })] }),
      init({ imports: [bus()] }),
    ]);
    const inbox = new Inbox<unknown>();
    await none.get(EventBusSubscriber).subscribe('orders', inbox.push);
    expect(await third.get(EventBusPublisher).publish('orders', 1)).toBe(1);
    expect(await inbox.count(1)).toEqual([1]);
    expect(String(await server.cli('CLIENT', 'LIST')).match(/name=third .*db=3/g)).toHaveLength(2);
  });
});

describe('prefix', () => {
  itWithShards('goes before every channel, and comes off on the way in', async () => {
    const inbox = new Inbox<string>();
    @Injectable()
    class Notifier {
      @OnEvent('orders:created')
      onChannel(_order: unknown, event: EventContext) {
        inbox.push(`channel ${event.channel} ${event.pattern}`);
      }

      @OnEvent('paid:*')
      onPattern(_order: unknown, event: EventContext) {
        inbox.push(`pattern ${event.channel} ${event.pattern}`);
      }

      @OnEvent('shop', { kind: 'shard' })
      onShard(_order: unknown, event: EventContext) {
        inbox.push(`shard ${event.channel} ${event.pattern}`);
      }
    }
    const app = await init({ imports: [bus({ prefix: 'app:' })], providers: [Notifier] });
    const publisher = app.get(EventBusPublisher);
    await publisher.publish('orders:created', 1);
    await publisher.publish('paid:card', 1);
    await publisher.publish('shop', 1, { kind: 'shard' });
    expect((await inbox.count(3)).toSorted()).toEqual([
      'channel orders:created undefined',
      'pattern paid:card paid:*',
      'shard shop undefined',
    ]);
    expect(await server.cli('PUBSUB', 'CHANNELS')).toEqual(['app:orders:created']);
    expect(await server.cli('PUBSUB', 'SHARDCHANNELS')).toEqual(['app:shop']);
    expect(
      app
        .get(EventBusInspector)
        .snapshot()
        .subscriptions.map(({ target }) => target)
        .toSorted(),
    ).toEqual(['app:orders:created', 'app:paid:*', 'app:shop']);
  });

  it('does not see what others publish, with a longer, a shorter or no prefix', async () => {
    const inbox = new Inbox<unknown>();
    @Injectable()
    class Notifier {
      @OnEvent(['*', 'orders'])
      all(order: unknown, event: EventContext) {
        inbox.push([event.channel, order]);
      }
    }
    await init({ imports: [bus({ prefix: 'app:' })], providers: [Notifier] });
    for (const channel of ['orders', 'ap:orders', 'app', 'apps:orders', 'xapp:orders', 'APP:orders']) {
      expect(await server.cli('PUBLISH', channel, '"foreign"')).toBe(0);
    }
    await server.cli('PUBLISH', 'app:orders', '"ours"');
    expect(await inbox.count(1)).toEqual([['orders', 'ours']]);
  });

  it('is literal text in a glob, whatever it holds', async () => {
    const inbox = new Inbox<unknown>();
    @Injectable()
    class Notifier {
      @OnEvent('orders:*')
      onPattern(order: unknown, event: EventContext) {
        inbox.push([event.channel, event.pattern, order]);
      }
    }
    const app = await init({
      imports: [bus({ prefix: 'a*[b]?\\c:', codec: json() })],
      providers: [Notifier],
    });
    for (const foreign of ['a*b?\\c:orders:x', 'aXb1\\c:orders:x', 'aZZ[b]z\\c:orders:x']) {
      expect(await server.cli('PUBLISH', foreign, '"foreign"')).toBe(0);
    }
    expect(await app.get(EventBusPublisher).publish('orders:created', 'ours')).toBe(1);
    expect(await inbox.count(1)).toEqual([['orders:created', 'orders:*', 'ours']]);
  });
});
