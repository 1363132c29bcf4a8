import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import type { EventCodec } from 'nestjs-redis-event-bus';
import {
  BusClosedError,
  EventContext,
  InvalidChannelError,
  NotConnectedError,
  PayloadEncodeError,
  PayloadTooLargeError,
  PublishManyError,
  PublishRefusedError,
  PublishUnconfirmedError,
  json,
  raw,
  redis,
} from 'nestjs-redis-event-bus';
import { eventually, settled } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import { itWithShards } from '../support/redis.major.js';
import { RedisServer } from '../support/redis.server.js';
import { runCommands } from '../support/resp.client.js';
import type { StartedApp } from '../support/started.apps.js';
import { startedApps } from '../support/started.apps.js';
import { TcpProxy } from '../support/tcp.proxy.js';
import { untyped } from '../support/untyped.js';

const MIB = 1024 * 1024;

const { boot } = startedApps(() => ({ transport: redis({ url: server.url }) }));
let server: RedisServer;
let closers: (() => unknown)[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

afterEach(async () => {
  for (const close of closers) await close();
  closers = [];
  // The server hears of a closed socket a little later; its counts shall not tell of the previous test.
  await eventually(async () => expect(await server.cli('CLIENT', 'LIST', 'TYPE', 'pubsub')).toBe(''));
});

/** What arrives on a channel. */
async function listen(bus: StartedApp, target: string | string[] = 'orders'): Promise<Inbox<unknown>> {
  const inbox = new Inbox<unknown>();
  await bus.subscriber.subscribe(target, inbox.push);
  return inbox;
}

/** Publishes from outside of the bus: bytes as they are. */
const foreign = (channel: string, body: string | Buffer) =>
  runCommands(server.port, [['PUBLISH', channel, body]]);

const reject = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => Promise.reject(new Error('It did not reject.')),
    (error: Error) => error,
  );

describe('publish', () => {
  it('resolves with the number of subscriptions that Redis reports', async () => {
    const [first, second] = [await boot(), await boot()];
    expect(await first.publisher.publish('orders', 1)).toBe(0);
    await listen(first);
    expect(await first.publisher.publish('orders', 1)).toBe(1);
    expect(await second.publisher.publish('orders', 1)).toBe(1);
    // Of the three it holds the one that covers the others.
    await listen(second, ['orders', 'o*', '*']);
    expect(await first.publisher.publish('orders', 1)).toBe(2);
    expect(await first.publisher.publish('elsewhere', 1)).toBe(1);
  });

  it('resolves with a number also where ioredis is told to answer in strings', async () => {
    const { publisher } = await boot({ transport: redis({ url: server.url, stringNumbers: true }) });
    expect(await publisher.publish('orders', 1)).toBe(0);
  });

  it('puts plain JSON on the channel', async () => {
    const { publisher } = await boot();
    const bytes = await boot({ codec: raw() });
    const inbox = await listen(bytes);
    const payloads = [{ id: 1, note: 'é "quoted"\n' }, [1, null], 'text', '', 0, true, null, new Date(0)];
    for (const payload of payloads) await publisher.publish('orders', payload);
    expect((await inbox.count(payloads.length)).map(String)).toEqual(
      payloads.map((payload) => JSON.stringify(payload)),
    );
  });

  it('sends the payload as it was in the call', async () => {
    const bus = await boot();
    const inbox = await listen(bus);
    const order: { items: number[]; secret?: string } = { items: [1] };
    const publishing = bus.publisher.publish('orders', order);
    order.items.push(2);
    order.secret = 'added later';
    const events = [{ channel: 'orders', payload: order }];
    const publishingMany = bus.publisher.publishMany(events);
    order.items.length = 0;
    events[0]!.channel = 'elsewhere';
    await Promise.all([publishing, publishingMany]);
    expect(await inbox.count(2)).toEqual([{ items: [1] }, { items: [1, 2], secret: 'added later' }]);
  });

  it('keeps the order of calls that nobody awaits', async () => {
    const bus = await boot();
    const inbox = await listen(bus);
    const numbers = Array.from({ length: 500 }, (_, index) => index);
    await Promise.all(numbers.map((n) => bus.publisher.publish('orders', n)));
    expect(await inbox.count(500)).toEqual(numbers);
  });

  itWithShards(
    "sends to shard subscriptions alone with kind: 'shard', and to the others without",
    async () => {
      const bus = await boot();
      const inbox = new Inbox<string>();
      await bus.subscriber.subscribe('orders', (payload) => inbox.push(`channel ${String(payload)}`));
      await bus.subscriber.subscribe('orders', (payload) => inbox.push(`shard ${String(payload)}`), {
        kind: 'shard',
      });
      expect(await bus.publisher.publish('orders', 1, { kind: 'shard' })).toBe(1);
      expect(await bus.publisher.publish('orders', 2)).toBe(1);
      expect(
        await bus.publisher.publishMany([
          { channel: 'orders', payload: 3, kind: 'shard' },
          { channel: 'orders', payload: 4, kind: 'channel' },
        ]),
      ).toEqual([1, 1]);
      expect((await inbox.count(4)).toSorted()).toEqual(['channel 2', 'channel 4', 'shard 1', 'shard 3']);
    },
  );

  it.each([
    ['an empty one', ''],
    ['a star', 'orders:*'],
    ['a question mark', 'orders:?'],
    ['a class', 'orders:[ab]'],
    ['a closing bracket', 'orders:]'],
    ['a backslash', 'orders\\'],
    ['a name of Redis', '__keyspace@0__:key'],
    ['two underscores', '__x'],
    ['undefined', undefined],
    ['null', null],
    ['a number', 7],
    ['an object', { toString: () => 'orders' }],
    ['an object that cannot be a string', Object.create(null)],
    ['a symbol', Symbol('orders')],
    ['an array', ['orders']],
  ])('refuses the channel: %s', async (_what, channel) => {
    const bus = await boot();
    const inbox = await listen(bus, ['*', 'fence']);
    const error = await reject(bus.publisher.publish(channel as string, 1));
    expect(error).toBeInstanceOf(InvalidChannelError);
    expect(error).toMatchObject({
      code: 'EVENT_BUS_INVALID_CHANNEL',
      message: expect.stringMatching(/^Cannot publish/),
    });
    await bus.publisher.publish('fence', 'fence');
    expect(await inbox.count(1)).toEqual(['fence']);
    expect(bus.inspector.snapshot().counters).toMatchObject({ published: 1, publishFailed: 1 });
  });

  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  it.each([
    ['undefined', undefined, 'undefined cannot be written as JSON'],
    ['a function', () => 1, 'function cannot be written as JSON'],
    ['a symbol', Symbol('x'), 'symbol cannot be written as JSON'],
    ['a BigInt', { total: 1n }, 'BigInt'],
    ['a cycle', cycle, 'circular'],
    [
      'one whose toJSON throws',
      {
        toJSON: () => {
          throw new Error('no form');
        },
      },
      'no form',
    ],
  ])('refuses the payload: %s', async (_what, payload, reason) => {
    const bus = await boot();
    const inbox = await listen(bus);
    const error = await reject(bus.publisher.publish('orders', payload));
    expect(error).toBeInstanceOf(PayloadEncodeError);
    expect(error.message).toContain(reason);
    await bus.publisher.publish('orders', 'fence');
    expect(await inbox.count(1)).toEqual(['fence']);
  });

  it('sends exactly maxPayloadBytes, and not one byte more, also where a character has several', async () => {
    const bus = await boot({ codec: raw() });
    const inbox = await listen(bus);
    await bus.publisher.publish('orders', Buffer.alloc(MIB, 'x'));
    await bus.publisher.publish('orders', 'é'.repeat(MIB / 2));
    for (const payload of [Buffer.alloc(MIB + 1), 'x'.repeat(MIB + 1), `${'é'.repeat(MIB / 2)}x`]) {
      const error = await reject(bus.publisher.publish('orders', payload));
      expect(error).toBeInstanceOf(PayloadTooLargeError);
      expect(error).toMatchObject({ channel: 'orders', bytes: MIB + 1, maxPayloadBytes: MIB });
    }
    await bus.publisher.publish('orders', 'fence');
    const received = await inbox.count(3);
    expect(received.map((body) => (body as Buffer).length)).toEqual([MIB, MIB, 5]);
    expect(bus.inspector.snapshot().counters.rejected).toBe(0);
  });

  it('measures what the codec made of the payload', async () => {
    const { publisher } = await boot({ maxPayloadBytes: 10 });
    await publisher.publish('orders', 'x'.repeat(8));
    await expect(publisher.publish('orders', 'x'.repeat(9))).rejects.toMatchObject({ bytes: 11 });
    await expect(publisher.publish('orders', '"'.repeat(8))).rejects.toMatchObject({ bytes: 18 });
  });

  itWithShards(
    'rejects with what Redis says when it may not publish, and keeps the payload out of the error',
    async () => {
      await server.cli('ACL', 'SETUSER', 'limited', 'on', '>secret', 'resetchannels', '&orders', '+@all');
      const url = server.url.replace('//', '//limited:secret@');
      const { publisher, inspector } = await boot({ transport: redis({ url }) });
      for (const kind of ['channel', 'shard'] as const) {
        const error = await reject(publisher.publish('forbidden', 'c4n4ry', { kind }));
        expect(error).toBeInstanceOf(PublishRefusedError);
        expect(error.message).toMatch(
          /^Redis refused the event on "forbidden": NOPERM .*\. Nothing was delivered\.$/,
        );
        expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('c4n4ry');
      }
      expect(await publisher.publish('orders', 1)).toBe(0);
      expect(inspector.snapshot()).toMatchObject({
        status: 'ready',
        counters: { published: 1, publishFailed: 2 },
      });
    },
  );
});

describe('publishMany', () => {
  it('publishes in the order given and resolves with every count', async () => {
    const bus = await boot();
    const inbox = await listen(bus, ['a', 'b']);
    const counts = await bus.publisher.publishMany([
      { channel: 'a', payload: 1 },
      { channel: 'nobody', payload: 2 },
      { channel: 'b', payload: 3 },
      { channel: 'a', payload: 4 },
    ]);
    expect(counts).toEqual([1, 0, 1, 1]);
    expect(await inbox.count(3)).toEqual([1, 3, 4]);
    expect(await bus.publisher.publishMany([])).toEqual([]);
  });

  it('attempts all, and tells what became of each, in order', async () => {
    await server.cli('ACL', 'SETUSER', 'limited', 'on', '>secret', 'resetchannels', '&a', '&b', '+@all');
    const limited = await boot({ transport: redis({ url: server.url.replace('//', '//limited:secret@') }) });
    const inbox = await listen(await boot(), ['a', 'b']);
    const error = (await reject(
      limited.publisher.publishMany([
        { channel: 'a', payload: 1 },
        { channel: 'a*', payload: 2 },
        { channel: 'b', payload: 3n },
        { channel: 'b', payload: 4 },
        { channel: 'forbidden', payload: 5 },
        { channel: 'b', payload: 'x'.repeat(MIB) },
        { channel: 'a', payload: 7 },
        untyped(undefined),
        { channel: 'b', payload: 9 },
      ]),
    )) as PublishManyError;
    expect(error).toBeInstanceOf(PublishManyError);
    expect(
      error.outcomes.map((outcome) => ('error' in outcome ? outcome.error.constructor : outcome)),
    ).toEqual([
      { subscriptions: 1 },
      InvalidChannelError,
      PayloadEncodeError,
      { subscriptions: 1 },
      PublishRefusedError,
      PayloadTooLargeError,
      { subscriptions: 1 },
      TypeError,
      { subscriptions: 1 },
    ]);
    expect(error.message).toMatch(/^5 of 9 events were not published\. .*Cannot publish to "a\*"/);
    expect(await inbox.count(4)).toEqual([1, 4, 7, 9]);
    expect(limited.inspector.snapshot().counters).toMatchObject({ published: 4, publishFailed: 5 });
  });
});

describe('messages of others', () => {
  it('reach the handler when they are JSON, from whatever client', async () => {
    const bus = await boot();
    const inbox = new Inbox<EventContext>();
    await bus.subscriber.subscribe('orders', (_payload, event) => inbox.push(event));
    await foreign('orders', ' { "id": 1 }\n');
    await foreign('orders', 'null');
    const [first, second] = await inbox.count(2);
    expect(first).toMatchObject({
      payload: { id: 1 },
      channel: 'orders',
      pattern: undefined,
      bus: 'default',
    });
    expect({ ...first?.metadata }).toEqual({});
    expect(second?.payload).toBeNull();
  });

  it('are counted, logged once and never handed over when they cannot be read', async () => {
    const bus = await boot();
    const inbox = await listen(bus, ['orders', 'ord*']);
    const unreadable = [
      '{"broken',
      '',
      'undefined',
      '{a:1}',
      Buffer.from([0xff, 0xfe]),
      Buffer.from([0x22, 0xc3, 0x22]),
    ];
    for (const body of unreadable) await foreign('orders', body);
    await foreign('orders', '"fence"');
    expect(await inbox.count(1)).toEqual(['fence']);
    expect(bus.inspector.snapshot().counters).toMatchObject({
      handled: 1,
      failed: 0,
      rejected: unreadable.length,
    });
    expect(bus.log.troubles).toEqual([
      'A message was dropped: its payload cannot be read (channel="orders" reason="The payload cannot be read: it is not JSON.")',
    ]);
  });

  it('are counted, logged once and never handed over when they are larger than maxPayloadBytes', async () => {
    const bus = await boot({ maxPayloadBytes: 8 });
    const inbox = await listen(bus);
    await foreign('orders', '"123456"');
    for (let n = 0; n < 3; n += 1) await foreign('orders', '"1234567"');
    await foreign('orders', '"fence"');
    expect(await inbox.count(2)).toEqual(['123456', 'fence']);
    expect(bus.inspector.snapshot().counters).toMatchObject({ handled: 2, rejected: 3 });
    expect(bus.log.troubles).toEqual([
      expect.stringContaining('A message was dropped: it is too large (channel="orders"'),
    ]);
  });

  it('touch no prototype', async () => {
    const bus = await boot();
    const inbox = await listen(bus);
    await foreign('orders', '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    const [payload] = await inbox.count(1);
    expect(Object.getPrototypeOf(payload)).toBe(Object.getPrototypeOf({}));
    expect(Object.keys(payload as object)).toEqual(['__proto__', 'constructor']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('are counted where nobody is meant, and do no harm', async () => {
    const bus = await boot();
    const inbox = await listen(bus, 'o*');
    await foreign('orders:\u0000\n"quoted"', '1');
    await runCommands(server.port, [['PUBLISH', Buffer.from([0x6f, 0xff]), '2']]);
    expect(await inbox.count(2)).toEqual([1, 2]);
    expect(bus.inspector.snapshot().counters).toMatchObject({ received: 2, handled: 2 });
  });
});

describe('codecs', () => {
  it('raw() brings any bytes there and back', async () => {
    const bus = await boot({ codec: raw() });
    const inbox = await listen(bus);
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const backing = Buffer.from('..view..');
    const payloads = [
      all,
      Buffer.alloc(0),
      'tëxt',
      new Uint8Array(backing.buffer, backing.byteOffset + 2, 4),
      '\r\n$3\r\n',
    ];
    const publishing = bus.publisher.publishMany(payloads.map((payload) => ({ channel: 'orders', payload })));
    all.fill(0);
    await publishing;
    const received = (await inbox.count(payloads.length)) as Buffer[];
    expect(received.every((body) => Buffer.isBuffer(body))).toBe(true);
    expect([...received[0]!]).toEqual(Array.from({ length: 256 }, (_, byte) => byte));
    expect(received.slice(1).map(String)).toEqual(['', 'tëxt', 'view', '\r\n$3\r\n']);
    for (const payload of [undefined, null, 7, { id: 1 }, [1]]) {
      await expect(bus.publisher.publish('orders', payload)).rejects.toThrow(PayloadEncodeError);
    }
  });

  const thrown: [string, unknown][] = [
    ['an Error', new Error('codec says no')],
    ['a string', 'codec says no'],
    ['undefined', undefined],
    ['null', null],
    ['a number', 42],
    ['a symbol', Symbol('no')],
    ['an object', { code: 1 }],
  ];

  it.each(thrown)('of the application may throw %s when they encode', async (_what, error) => {
    const codec: EventCodec = {
      ...json(),
      encode: (payload) => {
        if (payload === 'poison') throw error;
        return JSON.stringify(payload);
      },
    };
    const bus = await boot({ codec });
    const inbox = await listen(bus);
    const failure = await reject(bus.publisher.publish('orders', 'poison'));
    expect(failure).toBeInstanceOf(PayloadEncodeError);
    expect(failure.message).toContain('The payload cannot be sent: the codec failed:');
    expect(failure.cause).toBe(error);
    const many = await reject(
      bus.publisher.publishMany(['poison', 'fence'].map((payload) => ({ channel: 'orders', payload }))),
    );
    expect(many).toMatchObject({
      outcomes: [{ error: { code: 'EVENT_BUS_PAYLOAD_ENCODE' } }, { subscriptions: 1 }],
    });
    expect(await inbox.count(1)).toEqual(['fence']);
  });

  it.each([[undefined], [null], [7], [{}], [new Uint8Array(2)], [Promise.resolve('x')]])(
    'of the application may not return %p when they encode',
    async (body) => {
      const { publisher } = await boot({ codec: { ...json(), encode: () => untyped(body) } });
      const error = await reject(publisher.publish('orders', 1));
      expect(error).toBeInstanceOf(PayloadEncodeError);
      expect(error.message).toContain('It must return a string or a Buffer.');
    },
  );

  it.each(thrown)('of the application may throw %s when they decode', async (_what, error) => {
    const codec: EventCodec = {
      ...json(),
      decode: (body, channel) => {
        if (body.toString() === 'poison') throw error;
        return json().decode(body, channel);
      },
    };
    const bus = await boot({ codec });
    const inbox = await listen(bus);
    await foreign('orders', 'poison');
    await foreign('orders', '"fence"');
    expect(await inbox.count(1)).toEqual(['fence']);
    await eventually(() =>
      expect(bus.inspector.snapshot().counters).toMatchObject({ handled: 1, rejected: 1 }),
    );
    expect(bus.log.troubles).toHaveLength(1);
  });
});

describe('whenDisconnected', () => {
  const whenDisconnected = { bufferMs: 20_000 };

  async function startProxy(): Promise<{ proxy: TcpProxy; url: string }> {
    const proxy = await TcpProxy.start({ targetPort: server.port });
    closers.push(() => proxy.stop());
    return { proxy, url: `redis://127.0.0.1:${proxy.port}` };
  }

  /** What is on a channel, seen by somebody whose link is never lost. */
  async function witness(channel: string): Promise<Inbox<unknown>> {
    const inbox = new Inbox<unknown>();
    const client = new Redis(server.url);
    closers.push(() => client.disconnect());
    client.on('message', (_channel: string, body: string) => inbox.push(JSON.parse(body)));
    await client.subscribe(channel);
    return inbox;
  }

  /** Resolves when there is no link: nothing of it goes to the witnesses' channels. */
  const noticed = ({ publisher }: StartedApp) =>
    eventually(async () =>
      expect(await reject(publisher.publish('elsewhere', 1))).toBeInstanceOf(NotConnectedError),
    );

  it('lets events wait for the connection, and sends them once and in order', async () => {
    const { proxy, url } = await startProxy();
    const inbox = await witness('orders');
    const bus = await boot({ transport: redis({ url }) });
    await proxy.stop();
    await noticed(bus);
    const early = Array.from({ length: 100 }, (_, n) =>
      bus.publisher.publish('orders', n, { whenDisconnected }),
    );
    const many = bus.publisher.publishMany(
      [100, 101].map((payload) => ({ channel: 'orders', payload })),
      { whenDisconnected },
    );
    const late = bus.publisher.publish('orders', 102, { whenDisconnected });
    const error = await reject(bus.publisher.publish('orders', 'impatient'));
    expect(error).toBeInstanceOf(NotConnectedError);
    await proxy.accept();
    expect(await Promise.all([...early, many, late])).toEqual([...Array(100).fill(1), [1, 1], 1]);
    await bus.publisher.publish('orders', 'fence');
    expect(await inbox.upTo((item) => item === 'fence')).toEqual([
      ...Array.from({ length: 103 }, (_, n) => n),
      'fence',
    ]);
  });

  it('sends what waited to a server that was killed and came back, once', async () => {
    const mortal = await RedisServer.start();
    closers.push(() => mortal.stop());
    const bus = await boot({ transport: redis({ url: mortal.url }) });
    await mortal.kill();
    await noticed(bus);
    const publishing = Array.from({ length: 50 }, (_, n) =>
      bus.publisher.publish('orders', n, { whenDisconnected }),
    );
    await mortal.restart();
    expect(await Promise.all(publishing)).toEqual(Array(50).fill(0));
    const commands = String(await mortal.cli('INFO', 'commandstats'));
    expect(/cmdstat_publish:calls=(\d+)/.exec(commands)?.[1]).toBe('50');
  });

  it('rejects when bufferMs is over, and delivers nothing of it later', async () => {
    const { proxy, url } = await startProxy();
    const inbox = await witness('orders');
    const bus = await boot({ transport: redis({ url }) });
    await proxy.stop();
    await noticed(bus);
    const short = { whenDisconnected: { bufferMs: 20 } };
    const late = Array.from({ length: 10 }, (_, n) => reject(bus.publisher.publish('orders', n, short)));
    const patient = bus.publisher.publish('orders', 'patient', { whenDisconnected });
    for (const error of await Promise.all(late)) expect(error).toBeInstanceOf(NotConnectedError);
    await proxy.accept();
    await patient;
    expect(await inbox.upTo((item) => item === 'patient')).toEqual(['patient']);
  });

  it('rejects with the reason of a signal, and with BusClosedError when the application closes', async () => {
    const { proxy, url } = await startProxy();
    const inbox = await witness('orders');
    const bus = await boot({ transport: redis({ url }) });
    await proxy.stop();
    await noticed(bus);
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = reject(bus.publisher.publish('orders', 1, { whenDisconnected, signal }));
    const left = reject(bus.publisher.publish('orders', 2, { whenDisconnected }));
    await settled();
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await aborted).toBe(reason);
    await bus.app.close();
    expect(await left).toBeInstanceOf(BusClosedError);
    await proxy.accept();
    await foreign('orders', '"fence"');
    expect(await inbox.count(1)).toEqual(['fence']);
  });

  it('waits for a server that is not there yet at the start', async () => {
    const { proxy, url } = await startProxy();
    await proxy.refuse();
    const bus = await boot({ transport: redis({ url }), startup: { timeoutMs: 50, onFailure: 'retry' } });
    const publishing = bus.publisher.publish('orders', 1, { whenDisconnected });
    expect(await reject(bus.publisher.publish('orders', 2))).toBeInstanceOf(NotConnectedError);
    await proxy.accept();
    expect(await publishing).toBe(0);
  });

  it('keeps order and delivers nothing twice while the connection is cut again and again', async () => {
    const { proxy, url } = await startProxy();
    const inbox = await witness('orders');
    const bus = await boot({ transport: redis({ url }) });
    const settledAs = new Map<number, string>();
    const publishing: Promise<unknown>[] = [];
    for (let n = 0; n < 2_000; n += 1) {
      const outcome = bus.publisher.publish('orders', n, { whenDisconnected }).then(
        () => settledAs.set(n, 'sent'),
        (error: Error) => settledAs.set(n, error.constructor.name),
      );
      publishing.push(outcome);
      if (n % 400 === 200) proxy.cut();
      if (n % 20 === 0) await settled();
    }
    await Promise.all(publishing);
    await bus.publisher.publish('orders', -1, { whenDisconnected });
    const received = (await inbox.upTo((item) => item === -1)).slice(0, -1) as number[];
    expect(new Set(received).size).toBe(received.length);
    expect(received.toSorted((a, b) => a - b)).toEqual(received);
    const arrived = new Set(received);
    const lost = [...settledAs].filter(([n]) => !arrived.has(n)).map(([, outcome]) => outcome);
    expect(lost.filter((outcome) => outcome !== PublishUnconfirmedError.name)).toEqual([]);
    // Only what was under way when the link was cut is unsure: most was not.
    expect([...settledAs.values()].filter((outcome) => outcome === 'sent').length).toBeGreaterThan(1_000);
  });
});

it.each([
  ['together', 1],
  ['one by one', 50],
])('lets answers win that came while the event loop was blocked: events sent %s', async (_how, ticks) => {
  const bus = await boot();
  const publishing: Promise<number>[] = [];
  for (let tick = 0; tick < ticks; tick += 1) {
    for (let n = 0; n < 50 / ticks; n += 1)
      publishing.push(bus.publisher.publish('orders', n, { timeoutMs: 100 }));
    await Promise.resolve();
    await new Promise<void>((resolve) => process.nextTick(resolve));
  }
  const untilMs = performance.now() + 200;
  while (performance.now() < untilMs);
  expect(await Promise.all(publishing)).toEqual(Array(50).fill(0));
});

it('lets a connection win that came back while the event loop was blocked', async () => {
  const proxy = await TcpProxy.start({ targetPort: server.port });
  closers.push(() => proxy.stop());
  const bus = await boot({ transport: redis({ url: `redis://127.0.0.1:${proxy.port}` }) });
  await proxy.refuse();
  proxy.cut();
  await eventually(() => expect(bus.inspector.snapshot().status).not.toBe('ready'));
  const publishing = bus.publisher.publish('orders', 1, { whenDisconnected: { bufferMs: 1_000 } });
  await proxy.accept();
  const untilMs = performance.now() + 1_500;
  while (performance.now() < untilMs);
  expect(await publishing).toBe(0);
});
