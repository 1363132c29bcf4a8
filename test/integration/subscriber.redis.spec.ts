import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import type { Targets } from 'nestjs-redis-event-bus';
import {
  BusClosedError,
  EventBusStatus,
  InvalidOptionError,
  InvalidTargetError,
  OnEvent,
  SubscriptionRefusedError,
  TransportRefusedError,
  redis,
} from 'nestjs-redis-event-bus';
import { lastValueFrom, toArray } from 'rxjs';
import { eventually, settled } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import { itOnRedis7, itWithShards } from '../support/redis.major.js';
import { RedisServer } from '../support/redis.server.js';
import type { StartedApp } from '../support/started.apps.js';
import { startedApps } from '../support/started.apps.js';
import { untyped } from '../support/untyped.js';

/** Set for each project in jest.config.mjs. */
declare const IOREDIS_MAJOR: number;

const { boot } = startedApps(() => ({ transport: redis({ url: server.url }) }));
let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

afterEach(async () => {
  // The server hears of a closed socket a little later; its counts shall not tell of the previous test.
  await eventually(async () => expect(await server.cli('CLIENT', 'LIST', 'TYPE', 'pubsub')).toBe(''));
});

/** A bus of a user who may subscribe to `orders*` and to nothing else. */
async function bootLimited(...commands: string[]): Promise<StartedApp> {
  const rules = ['resetkeys', 'resetchannels', '&orders', '&orders:*', '-@all', '+subscribe', '+psubscribe'];
  const more = ['+unsubscribe', '+punsubscribe', '+publish', '+ping', '+info', ...commands];
  await server.cli('ACL', 'SETUSER', 'limited', 'reset', 'on', '>secret', ...rules, ...more);
  return boot({ transport: redis({ url: server.url.replace('//', '//limited:secret@') }) });
}

async function subscriberCount(channel: string): Promise<number> {
  return ((await server.cli('PUBSUB', 'NUMSUB', channel)) as [string, number])[1];
}

const subscriberCountIs = (channel: string, count: number) =>
  eventually(async () => expect(await subscriberCount(channel)).toBe(count));

const reject = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => Promise.reject(new Error('It did not reject.')),
    (error: Error) => error,
  );

const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const publishAll = (bus: StartedApp, channel: string, payloads: readonly unknown[]) =>
  bus.publisher.publishMany(payloads.map((payload) => ({ channel, payload })));

describe('subscribe', () => {
  it('takes a few commands for thousands that begin together, and for thousands that end together', async () => {
    const { subscriber } = await boot();
    const callsOf = async (command: string): Promise<number> => {
      const stats = String(await server.cli('INFO', 'commandstats'));
      return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    };
    await server.cli('CONFIG', 'RESETSTAT');
    const channels = Array.from({ length: 2_000 }, (_, index) => `many:${index}`);
    const subscriptions = await Promise.all(
      channels.map((name) => subscriber.subscribe(name, () => undefined)),
    );
    expect(await server.cli('PUBSUB', 'CHANNELS', 'many:*')).toHaveLength(channels.length);
    expect(await callsOf('subscribe')).toBeLessThan(10);
    await Promise.all(subscriptions.map((subscription) => subscription.unsubscribe()));
    expect(await server.cli('PUBSUB', 'CHANNELS', 'many:*')).toEqual([]);
    // Heartbeats unsubscribe from a name that nobody uses.
    expect(await callsOf('unsubscribe')).toBeLessThan(100);
  });

  it('resolves on the confirmation: what is published afterwards reaches the listener', async () => {
    const [bus, other] = [await boot(), await boot()];
    const inbox = new Inbox<unknown>();
    await bus.subscriber.subscribe('orders:created', (payload, event) => {
      inbox.push([payload, event.channel, event.pattern, event.bus]);
    });
    await bus.subscriber.subscribe('paid:*', (payload, event) => {
      inbox.push([payload, event.channel, event.pattern, event.bus]);
    });
    expect(await other.publisher.publish('orders:created', { id: 1 })).toBe(1);
    expect(await other.publisher.publish('paid:card', { id: 2 })).toBe(1);
    expect(await inbox.count(2)).toEqual([
      [{ id: 1 }, 'orders:created', undefined, 'default'],
      [{ id: 2 }, 'paid:card', 'paid:*', 'default'],
    ]);
  });

  it('ends with unsubscribe, at Redis too, and ends once', async () => {
    const bus = await boot();
    const inbox = new Inbox<unknown>();
    const subscription = await bus.subscriber.subscribe('orders', inbox.push);
    await bus.subscriber.subscribe('fence', inbox.push);
    expect(await bus.publisher.publish('orders', 'heard')).toBe(1);
    await inbox.count(1);
    await Promise.all([subscription.unsubscribe(), subscription.unsubscribe()]);
    await subscription.unsubscribe();
    expect(await bus.publisher.publish('orders', 'unheard')).toBe(0);
    await bus.publisher.publish('fence', 'fence');
    expect(await inbox.count(2)).toEqual(['heard', 'fence']);
    expect(bus.inspector.snapshot()).toMatchObject({ handlers: [{}], subscriptions: [{ target: 'fence' }] });
  });

  it('shares one subscription at Redis between listeners, until the last has left', async () => {
    const bus = await boot();
    const [first, second] = [new Inbox<unknown>(), new Inbox<unknown>()];
    const subscriptions = [
      await bus.subscriber.subscribe('orders', first.push),
      await bus.subscriber.subscribe('orders', second.push),
    ];
    expect(await bus.publisher.publish('orders', 1)).toBe(1);
    await Promise.all([first.count(1), second.count(1)]);
    await subscriptions[0]?.unsubscribe();
    expect(await bus.publisher.publish('orders', 2)).toBe(1);
    expect(await second.count(2)).toEqual([1, 2]);
    expect(first.items).toEqual([1]);
    await subscriptions[1]?.unsubscribe();
    expect(await bus.publisher.publish('orders', 3)).toBe(0);
  });

  it('hands over an event once, however many of its targets match', async () => {
    const bus = await boot();
    const inbox = new Inbox<unknown>();
    await bus.subscriber.subscribe(
      ['*', 'orders:*', 'orders:created', 'orders:?reated'],
      (_payload, event) => {
        inbox.push(event.pattern);
      },
    );
    await publishAll(
      bus,
      'orders:created',
      Array.from({ length: 1_000 }, () => 'same'),
    );
    await publishAll(bus, 'orders:paid', ['fence']);
    const received = await inbox.upTo((pattern) => pattern === '*');
    expect(received).toHaveLength(1_001);
    expect(new Set(received)).toEqual(new Set([undefined, '*']));
  });

  it('lives beside @OnEvent on the same and on overlapping targets, each once', async () => {
    const inbox = new Inbox<string>();
    @Injectable()
    class Notifier {
      @OnEvent(['orders:created', 'orders:*'])
      notify(order: unknown) {
        inbox.push(`handler ${String(order)}`);
      }
    }
    const bus = await boot({}, Notifier);
    const same = await bus.subscriber.subscribe('orders:created', (order) =>
      inbox.push(`same ${String(order)}`),
    );
    const wider = await bus.subscriber.subscribe('*', (order) => inbox.push(`wider ${String(order)}`));
    await bus.publisher.publish('orders:created', 1);
    expect((await inbox.count(3)).toSorted()).toEqual(['handler 1', 'same 1', 'wider 1']);
    await same.unsubscribe();
    await bus.publisher.publish('orders:created', 2);
    expect((await inbox.count(5)).slice(3).toSorted()).toEqual(['handler 2', 'wider 2']);
    await wider.unsubscribe();
    expect(await bus.publisher.publish('orders:created', 3)).toBe(1);
    await bus.publisher.publish('orders:paid', 4);
    expect((await inbox.upTo((line) => line === 'handler 4')).slice(5)).toEqual(['handler 3', 'handler 4']);
  });

  it('stops in the middle of an event: what waits behind it and what follows is not handed over', async () => {
    const bus = await boot();
    const calls: unknown[] = [];
    let unsubscribed: Promise<void> | undefined;
    let release!: () => void;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const subscription = await bus.subscriber.subscribe('orders', async (payload) => {
      calls.push(payload);
      await gate;
      unsubscribed ??= subscription.unsubscribe();
    });
    const witness = new Inbox<unknown>();
    const other = await bus.subscriber.subscribe(['orders', 'fence'], witness.push);
    await publishAll(bus, 'orders', [1, 2, 3]);
    await witness.count(3);
    release();
    await eventually(() => expect(unsubscribed).toBeDefined());
    await unsubscribed;
    await bus.publisher.publish('orders', 4);
    await bus.publisher.publish('fence', 'fence');
    await witness.upTo((payload) => payload === 'fence');
    await settled();
    expect(calls).toEqual([1]);
    expect(await subscriberCount('orders')).toBe(1);
    await other.unsubscribe();
    expect(await subscriberCount('orders')).toBe(0);
  });

  it('stops for a listener that another one unsubscribes while both are to get the event', async () => {
    const bus = await boot();
    const calls: string[] = [];
    const subscriptions: { unsubscribe(): Promise<void> }[] = [];
    for (const name of ['first', 'second']) {
      const subscription = await bus.subscriber.subscribe('orders', () => {
        calls.push(name);
        for (const each of subscriptions) void each.unsubscribe();
      });
      subscriptions.push(subscription);
    }
    await bus.publisher.publish('orders', 1);
    await subscriberCountIs('orders', 0);
    expect(calls).toEqual(['first']);
  });

  it.each([
    [true, 1],
    [false, 2],
  ])(
    'ends in the state that was asked for last, however quickly it changes (coalesce: %s)',
    async (coalesce, held) => {
      const bus = await boot({ coalesce });
      const kept = new Inbox<unknown>();
      const changes: Promise<unknown>[] = [];
      for (const round of range(100)) {
        const subscribing = bus.subscriber.subscribe(['orders', 'ord*'], kept.push);
        changes.push(
          subscribing.then((subscription) => (round < 99 ? subscription.unsubscribe() : undefined)),
        );
        if (round % 7 === 0) await subscribing;
        if (round % 11 === 0) await settled();
      }
      await Promise.all(changes);
      expect(await bus.publisher.publish('orders', 'x')).toBe(held);
      await bus.subscriber.subscribe('fence', kept.push);
      await bus.publisher.publish('fence', 'fence');
      expect(await kept.count(2)).toEqual(['x', 'fence']);
      const states = bus.inspector.snapshot().subscriptions.map(({ state }) => state);
      expect(states).toEqual(Array.from({ length: held + 1 }, () => 'active'));
    },
  );

  it.each([[true], [false]])(
    'hands over no event twice while listeners come and go under traffic (coalesce: %s)',
    async (coalesce) => {
      const [bus, other] = [await boot({ coalesce }), await boot()];
      let isOver = false;
      const publishing = (async () => {
        for (let n = 0; !isOver; n += 20)
          await publishAll(
            other,
            'orders',
            range(20).map((offset) => n + offset),
          );
      })();
      for (let round = 0; round < 100; round += 1) {
        const inbox = new Inbox<unknown>();
        const subscription = await bus.subscriber.subscribe(['orders', 'ord*'], inbox.push);
        await inbox.count(5);
        // Not awaited: the next listener asks again while the old subscription is on its way out.
        void subscription.unsubscribe();
        expect(new Set(inbox.items).size).toBe(inbox.items.length);
      }
      isOver = true;
      await publishing;
    },
  );

  it.each([
    ['an empty target', ''],
    ['no target', []],
    ['an empty one among others', ['orders', '']],
    ['a number', 7],
    ['undefined', undefined],
    ['an open class', 'orders:[ab'],
  ])('refuses %s, and subscribes to nothing', async (_what, target) => {
    const bus = await boot();
    const error = await reject(bus.subscriber.subscribe(target as Targets, () => undefined));
    expect(error).toBeInstanceOf(InvalidTargetError);
    expect(bus.inspector.snapshot()).toMatchObject({ handlers: [], subscriptions: [] });
  });

  it('refuses patterns of shard channels and kinds that do not exist', async () => {
    const { subscriber } = await boot();
    const listener = () => undefined;
    await expect(subscriber.subscribe('o*', listener, { kind: 'shard' })).rejects.toThrow(InvalidTargetError);
    await expect(subscriber.subscribe('o', listener, { kind: untyped('queue') })).rejects.toThrow(
      InvalidOptionError,
    );
  });

  it("takes a name literally with kind: 'channel', and as a glob with kind: 'pattern'", async () => {
    const bus = await boot();
    const inbox = new Inbox<unknown>();
    await bus.subscriber.subscribe('a*[b]', (payload) => inbox.push(['channel', payload]), {
      kind: 'channel',
    });
    await bus.subscriber.subscribe('a', (payload) => inbox.push(['pattern', payload]), { kind: 'pattern' });
    expect(await server.cli('PUBLISH', 'a*[b]', '1')).toBe(1);
    expect(await server.cli('PUBLISH', 'a', '2')).toBe(1);
    expect(await server.cli('PUBLISH', 'axb', '3')).toBe(0);
    expect(await inbox.count(2)).toEqual([
      ['channel', 1],
      ['pattern', 2],
    ]);
    expect(await server.cli('PUBSUB', 'NUMPAT')).toBe(1);
  });

  it('rejects with what Redis says when it may not, and keeps nothing', async () => {
    const bus = await bootLimited();
    const inbox = new Inbox<unknown>();
    await bus.subscriber.subscribe('orders', inbox.push);
    const error = await reject(bus.subscriber.subscribe(['orders:created', 'secret'], inbox.push));
    expect(error).toBeInstanceOf(SubscriptionRefusedError);
    expect(error).toMatchObject({ target: 'secret', message: expect.stringContaining('NOPERM') });
    expect(bus.inspector.snapshot().subscriptions).toEqual([
      { kind: 'channel', target: 'orders', state: 'active' },
    ]);
    expect(bus.status.current).toBe('ready');
    expect(await subscriberCount('orders:created')).toBe(0);
    await bus.publisher.publish('orders', 1);
    expect(await inbox.count(1)).toEqual([1]);
  });

  it('reports a listener that throws or rejects, and goes on', async () => {
    const bus = await boot();
    const inbox = new Inbox<unknown>();
    await bus.subscriber.subscribe('orders', () => {
      throw new Error('thrown');
    });
    await bus.subscriber.subscribe('orders', () => Promise.reject(new TypeError('rejected')));
    await bus.subscriber.subscribe('orders', () => ({
      // oxlint-disable-next-line unicorn/no-thenable -- a query builder is one, for example
      then: (_resolve: unknown, fail: (error: Error) => void) =>
        fail(new RangeError('rejected by a thenable')),
    }));
    await bus.subscriber.subscribe('orders', inbox.push);
    await publishAll(bus, 'orders', [1, 2]);
    expect(await inbox.count(2)).toEqual([1, 2]);
    await eventually(() =>
      expect(bus.inspector.snapshot().counters).toMatchObject({ handled: 2, failed: 6 }),
    );
    // Two times each, of which the second is only counted.
    for (const reason of ['Error: thrown', 'TypeError: rejected', 'RangeError: rejected by a thenable']) {
      expect(bus.log.troubles.filter((line) => line.includes(`error="${reason}"`))).toHaveLength(1);
    }
  });

  describe.each(
    IOREDIS_MAJOR >= 6
      ? [
          ['RESP3', { protocol: 3 }],
          ['RESP2', { protocol: 2 }],
        ]
      : [['RESP2', {}]],
  )('on %s', (_name, options) => {
    const start = () => boot({ transport: redis({ url: server.url, ...(options as object) }) });

    itWithShards('hears shard channels when its last channel and its last pattern are gone', async () => {
      const bus = await start();
      const inbox = new Inbox<unknown>();
      await bus.subscriber.subscribe('shop', inbox.push, { kind: 'shard' });
      for (const target of ['orders', 'ord*']) {
        const subscription = await bus.subscriber.subscribe(target, inbox.push);
        await subscription.unsubscribe();
        expect(await bus.publisher.publish('shop', target, { kind: 'shard' })).toBe(1);
      }
      expect(await inbox.count(2)).toEqual(['orders', 'ord*']);
    });

    itWithShards('hears channels and patterns when its last shard channel is gone', async () => {
      const bus = await start();
      const inbox = new Inbox<unknown>();
      await bus.subscriber.subscribe('orders', (payload) => inbox.push(['channel', payload]));
      await bus.subscriber.subscribe('pa*', (payload) => inbox.push(['pattern', payload]));
      const subscription = await bus.subscriber.subscribe('shop', inbox.push, { kind: 'shard' });
      await subscription.unsubscribe();
      expect(await bus.publisher.publish('orders', 1)).toBe(1);
      expect(await bus.publisher.publish('paid', 2)).toBe(1);
      expect(await inbox.count(2)).toEqual([
        ['channel', 1],
        ['pattern', 2],
      ]);
      const again = await bus.subscriber.subscribe('shop', inbox.push, { kind: 'shard' });
      expect(await bus.publisher.publish('shop', 3, { kind: 'shard' })).toBe(1);
      expect((await inbox.count(3)).at(-1)).toBe(3);
      await again.unsubscribe();
    });
  });
});

describe('observe', () => {
  it('subscribes at Redis with the first subscriber, and unsubscribes with the last', async () => {
    const bus = await boot();
    const observable = bus.subscriber.observe<number>('orders');
    expect(await subscriberCount('orders')).toBe(0);
    const [first, second] = [new Inbox<number>(), new Inbox<number>()];
    const subscriptions = [first, second].map((inbox) =>
      observable.subscribe(({ payload }) => inbox.push(payload)),
    );
    await subscriberCountIs('orders', 1);
    await bus.publisher.publish('orders', 1);
    expect([await first.count(1), await second.count(1)]).toEqual([[1], [1]]);
    subscriptions[0]?.unsubscribe();
    await settled();
    expect(await bus.publisher.publish('orders', 2)).toBe(1);
    await second.count(2);
    subscriptions[1]?.unsubscribe();
    await subscriberCountIs('orders', 0);
    expect([first.items, second.items]).toEqual([[1], [1, 2]]);

    const again = observable.subscribe();
    await subscriberCountIs('orders', 1);
    again.unsubscribe();
    await subscriberCountIs('orders', 0);
  });

  it('leaves nothing behind when it is unsubscribed before the confirmation', async () => {
    const bus = await boot();
    for (let round = 0; round < 20; round += 1)
      bus.subscriber.observe(['orders', 'ord*']).subscribe().unsubscribe();
    await eventually(() =>
      expect(bus.inspector.snapshot()).toMatchObject({ handlers: [], subscriptions: [] }),
    );
    await subscriberCountIs('orders', 0);
    expect(await server.cli('PUBSUB', 'NUMPAT')).toBe(0);
  });

  it('completes when the bus is closed, and at once on a closed bus', async () => {
    const bus = await boot();
    const received = lastValueFrom(bus.subscriber.observe<number>('orders').pipe(toArray()));
    await subscriberCountIs('orders', 1);
    await bus.publisher.publish('orders', 1);
    await eventually(() => expect(bus.inspector.snapshot().counters.handled).toBe(1));
    await bus.app.close();
    expect((await received).map(({ payload }) => payload)).toEqual([1]);
    expect(await lastValueFrom(bus.subscriber.observe('orders').pipe(toArray()))).toEqual([]);
  });

  it('errors on a target that is refused or wrong', async () => {
    const { subscriber, inspector } = await bootLimited();
    await expect(lastValueFrom(subscriber.observe('secret'))).rejects.toThrow(SubscriptionRefusedError);
    await expect(lastValueFrom(subscriber.observe(''))).rejects.toThrow(InvalidTargetError);
    expect(inspector.snapshot().subscriptions).toEqual([]);
  });
});

describe('stream', () => {
  it('gives events to for await, in order, and unsubscribes when the loop is left', async () => {
    const bus = await boot();
    const stream = bus.subscriber.stream<number>('ord*');
    expect(await server.cli('PUBSUB', 'NUMPAT')).toBe(0);
    const received: unknown[] = [];
    const loop = (async () => {
      for await (const event of stream) {
        received.push([event.payload, event.channel, event.pattern]);
        await settled();
        if (event.payload === 4) break;
      }
    })();
    await eventually(async () => expect(await server.cli('PUBSUB', 'NUMPAT')).toBe(1));
    await publishAll(bus, 'orders', range(10));
    await loop;
    expect(received).toEqual(range(5).map((n) => [n, 'orders', 'ord*']));
    await eventually(async () => expect(await server.cli('PUBSUB', 'NUMPAT')).toBe(0));
    expect(stream.droppedEvents).toBe(0);
  });

  it('unsubscribes when the loop throws', async () => {
    const bus = await boot();
    const loop = (async () => {
      for await (const { payload } of bus.subscriber.stream('orders'))
        throw new Error(`failed on ${String(payload)}`);
    })();
    const failure = loop.catch((error: unknown) => error);
    await subscriberCountIs('orders', 1);
    await bus.publisher.publish('orders', 1);
    expect(await failure).toEqual(new Error('failed on 1'));
    await subscriberCountIs('orders', 0);
  });

  it('ends with its signal, while it waits and before it has begun', async () => {
    const bus = await boot();
    const aborter = new AbortController();
    const stream = bus.subscriber.stream('orders', { signal: aborter.signal });
    const received: unknown[] = [];
    const loop = (async () => {
      for await (const { payload } of stream) received.push(payload);
    })();
    await subscriberCountIs('orders', 1);
    await bus.publisher.publish('orders', 1);
    await eventually(() => expect(received).toEqual([1]));
    aborter.abort();
    await loop;
    await subscriberCountIs('orders', 0);
    for await (const { payload } of stream) received.push(payload);
    expect(received).toEqual([1]);
    expect(bus.inspector.snapshot().handlers).toEqual([]);
  });

  it('ends when the bus is closed, with what it had received', async () => {
    const bus = await boot();
    const iterator = bus.subscriber.stream<number>('orders')[Symbol.asyncIterator]();
    const first = iterator.next();
    await subscriberCountIs('orders', 1);
    await publishAll(bus, 'orders', [1, 2, 3]);
    await first;
    await eventually(() => expect(bus.inspector.snapshot().counters.handled).toBe(3));
    await bus.app.close();
    const rest = [await iterator.next(), await iterator.next(), await iterator.next(), await iterator.next()];
    expect(rest.map(({ done, value }) => [done, value?.payload])).toEqual([
      [false, 2],
      [false, 3],
      [true, undefined],
      [true, undefined],
    ]);
  });

  it.each([
    ['drop-oldest', [0, 8, 9]],
    ['drop-newest', [0, 1, 2]],
    [undefined, [0, 8, 9]],
  ] as const)('holds so many events, drops with %p, and says so once', async (overflow, expected) => {
    const bus = await boot();
    const stream = bus.subscriber.stream<number>('orders', {
      buffer: { events: 2, ...(overflow === undefined ? {} : { overflow }) },
    });
    const iterator = stream[Symbol.asyncIterator]();
    const first = iterator.next();
    await subscriberCountIs('orders', 1);
    await publishAll(bus, 'orders', range(10));
    await eventually(() => expect(bus.inspector.snapshot().counters.handled).toBe(10));
    const results = [await first, await iterator.next(), await iterator.next()];
    expect(results.map(({ value }) => value?.payload)).toEqual(expected);
    expect(stream.droppedEvents).toBe(7);
    await publishAll(bus, 'orders', range(10));
    await eventually(() => expect(stream.droppedEvents).toBe(15));
    expect(bus.log.troubles).toEqual([
      'A stream drops events because its loop is too slow (target="orders"). Raise buffer.events, or do less per event.',
    ]);
    await iterator.return?.();
    await subscriberCountIs('orders', 0);
  });

  it('answers concurrent calls of next() in their order, and all of them in the end', async () => {
    const bus = await boot();
    const iterator = bus.subscriber
      .stream<number>('orders', { buffer: { events: 1 } })
      [Symbol.asyncIterator]();
    const calls = range(8).map(() => iterator.next());
    await subscriberCountIs('orders', 1);
    await publishAll(bus, 'orders', range(5));
    const answered = await Promise.all(calls.slice(0, 5));
    expect(answered.map(({ value }) => value?.payload)).toEqual(range(5));
    await iterator.return?.();
    expect(await Promise.all(calls.slice(5))).toEqual(range(3).map(() => ({ done: true, value: undefined })));
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('answers an earlier call of next() first, also when a later one comes in the same turn as the event', async () => {
    const bus = await boot();
    const iterator = bus.subscriber.stream<number>('orders')[Symbol.asyncIterator]();
    const first = iterator.next();
    await subscriberCountIs('orders', 1);
    let second: ReturnType<typeof iterator.next> | undefined;
    await bus.subscriber.subscribe('orders', () => {
      second ??= iterator.next();
    });
    await publishAll(bus, 'orders', [1, 2]);
    expect((await first).value?.payload).toBe(1);
    expect((await second)?.value?.payload).toBe(2);
    await iterator.return?.();
  });

  it('gives every iterator its own events', async () => {
    const bus = await boot();
    const stream = bus.subscriber.stream<number>('orders');
    const [one, two] = [stream[Symbol.asyncIterator](), stream[Symbol.asyncIterator]()];
    const calls = [one.next(), two.next()];
    await subscriberCountIs('orders', 1);
    await eventually(() => expect(bus.inspector.snapshot().handlers).toHaveLength(2));
    await bus.publisher.publish('orders', 1);
    expect((await Promise.all(calls)).map(({ value }) => value?.payload)).toEqual([1, 1]);
    await one.return?.();
    await settled();
    expect(await subscriberCount('orders')).toBe(1);
    await two.return?.();
    await subscriberCountIs('orders', 0);
  });

  it('subscribes to nothing when it is left before it has begun', async () => {
    const bus = await boot();
    const iterator = bus.subscriber.stream('orders')[Symbol.asyncIterator]();
    await iterator.return?.();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(bus.inspector.snapshot().handlers).toEqual([]);
  });

  it('throws once what subscribing rejects with, and is done then', async () => {
    const { subscriber } = await bootLimited();
    const iterator = subscriber.stream('secret')[Symbol.asyncIterator]();
    const calls = await Promise.allSettled([iterator.next(), iterator.next()]);
    expect(calls).toEqual([
      { status: 'rejected', reason: expect.any(SubscriptionRefusedError) },
      { status: 'fulfilled', value: { done: true, value: undefined } },
    ]);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('refuses a buffer that cannot be', async () => {
    const { subscriber } = await boot();
    for (const events of [0, -1, 1.5, Number.NaN]) {
      expect(() => subscriber.stream('orders', { buffer: { events } })).toThrow(InvalidOptionError);
    }
    expect(() => subscriber.stream('orders', { buffer: { overflow: untyped('block') } })).toThrow(
      InvalidOptionError,
    );
  });
});

describe('EventBusInspector', () => {
  itWithShards('lists and counts channels, shard channels and patterns of all processes', async () => {
    const [bus, other] = [await boot({ coalesce: false }), await boot({ coalesce: false })];
    const listener = () => undefined;
    await bus.subscriber.subscribe(['orders', 'paid', 'ord*', 'p*'], listener);
    await other.subscriber.subscribe(['orders', 'ord*'], listener);
    await bus.subscriber.subscribe('shop', listener, { kind: 'shard' });
    await other.subscriber.subscribe(['shop', 'store'], listener, { kind: 'shard' });

    const { inspector } = bus;
    expect((await inspector.channels()).toSorted()).toEqual(['orders', 'paid']);
    expect(await inspector.channels('pai?')).toEqual(['paid']);
    expect(await inspector.channels('none*')).toEqual([]);
    expect(await inspector.subscriberCounts(['orders', 'paid', 'nobody', 'shop'])).toEqual(
      new Map([
        ['orders', 2],
        ['paid', 1],
        ['nobody', 0],
        ['shop', 0],
      ]),
    );
    expect(await inspector.patternCount()).toBe(2);
    expect((await inspector.shardChannels()).toSorted()).toEqual(['shop', 'store']);
    expect(await inspector.shardChannels('st*')).toEqual(['store']);
    expect(await inspector.shardSubscriberCounts(['shop', 'store', 'orders'])).toEqual(
      new Map([
        ['shop', 2],
        ['store', 1],
        ['orders', 0],
      ]),
    );
    expect(await inspector.subscriberCounts([])).toEqual(new Map());
    expect(await inspector.shardSubscriberCounts([])).toEqual(new Map());
  });

  itWithShards('sees its own prefix only, and takes it off', async () => {
    const [bus, other] = [await boot({ prefix: 'a*:' }), await boot({ prefix: 'b:' })];
    const listener = () => undefined;
    await bus.subscriber.subscribe(['orders', 'paid', 'l*'], listener);
    await other.subscriber.subscribe(['orders', 'late'], listener);
    await bus.subscriber.subscribe('shop', listener, { kind: 'shard' });
    const { inspector } = bus;
    expect((await inspector.channels()).toSorted()).toEqual(['orders', 'paid']);
    expect(await inspector.channels('o*')).toEqual(['orders']);
    expect(await inspector.shardChannels()).toEqual(['shop']);
    expect(await inspector.subscriberCounts(['orders', 'late'])).toEqual(
      new Map([
        ['orders', 1],
        ['late', 0],
      ]),
    );
    expect(await inspector.shardSubscriberCounts(['shop'])).toEqual(new Map([['shop', 1]]));
  });

  it('takes any name', async () => {
    const bus = await boot({ prefix: 'odd:' });
    const names = [
      '__proto__',
      'constructor',
      'toString',
      'with space',
      'é💥',
      'line\nbreak',
      '"quoted"',
      'x'.repeat(5_000),
    ];
    const inbox = new Inbox<unknown>();
    for (const name of names) await bus.subscriber.subscribe(name, inbox.push, { kind: 'channel' });
    expect(new Set(await bus.inspector.channels())).toEqual(
      new Set(names.filter((name) => !name.startsWith('__'))),
    );
    const counts = await bus.inspector.subscriberCounts(names);
    expect([...counts]).toEqual(names.map((name) => [name, 1]));
    const subscriptions = bus.inspector.snapshot().subscriptions;
    expect(subscriptions.every(({ state }) => state === 'active')).toBe(true);

    await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    const states: string[] = [];
    bus.status.changes.subscribe((state) => states.push(state));
    await eventually(() => expect(states.slice(-2)).toEqual(['degraded', 'ready']));
    expect([...(await bus.inspector.subscriberCounts(names))]).toEqual(names.map((name) => [name, 1]));
    for (const name of names.slice(1)) await bus.publisher.publish(name, name);
    expect(await inbox.count(names.length - 1)).toEqual(names.slice(1));
    expect(await server.cli('PUBLISH', '__proto__', '"proto"')).toBe(1);
    expect((await inbox.count(names.length)).at(-1)).toBe('proto');
  });

  itWithShards('takes a snapshot that is true, and plain JSON', async () => {
    let release!: () => void;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    @Injectable()
    class Notifier {
      @OnEvent(['orders:*', 'orders:created'])
      async notify() {
        await gate;
      }

      @OnEvent('broken')
      fail() {
        throw new Error('broken');
      }
    }
    const bus = await boot({ prefix: 'app:' }, Notifier);
    await bus.subscriber.subscribe('shop', () => undefined, { kind: 'shard' });
    await publishAll(bus, 'orders:created', [1, 2, 3]);
    await publishAll(bus, 'broken', [1]);
    await reject(bus.publisher.publish('a*', 1));
    await server.cli('PUBLISH', 'app:broken', '{');
    await eventually(() =>
      expect(bus.inspector.snapshot().counters).toMatchObject({ failed: 1, rejected: 1 }),
    );

    const snapshot = bus.inspector.snapshot();
    const idle = {
      running: 0,
      waiting: 0,
      waitingBytes: 0,
      dropped: 0,
      handled: 0,
      failed: 0,
      repeated: 0,
      rejected: 0,
      leftToGroup: 0,
    };
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
    expect(snapshot).toEqual({
      bus: 'default',
      instance: expect.objectContaining({ host: hostname(), pid: process.pid }),
      status: 'ready',
      links: [
        expect.objectContaining({ role: 'publisher', isUp: true }),
        expect.objectContaining({ role: 'subscriber', isUp: true }),
      ],
      transport: { name: 'redis', address: `127.0.0.1:${server.port}` },
      codec: 'json',
      prefix: 'app:',
      // The events were published in one tick.
      publishing: { batching: 'pipeline' },
      handlers: [
        // The age of the call that runs is there once somebody has looked at the clock.
        expect.objectContaining({
          handler: 'Notifier.notify',
          targets: ['orders:created', 'orders:*'],
          subscriptions: ['app:orders:*'],
          running: 1,
          waiting: 2,
          waitingBytes: 2,
          dropped: 0,
          handled: 0,
        }),
        {
          handler: 'Notifier.fail',
          targets: ['broken'],
          subscriptions: ['app:broken'],
          ...idle,
          // The log takes failures. It takes no duration, so none is measured.
          failed: 1,
        },
        { handler: 'listener', targets: ['shop'], subscriptions: ['app:shop'], ...idle },
      ],
      subscriptions: [
        { kind: 'pattern', target: 'app:orders:*', state: 'active' },
        { kind: 'channel', target: 'app:broken', state: 'active' },
        { kind: 'shard', target: 'app:shop', state: 'active' },
      ],
      // Each event on orders:created came once, by the pattern that covers it.
      counters: expect.objectContaining({
        published: 4,
        publishFailed: 1,
        handled: 0,
        failed: 1,
        rejected: 1,
        received: 5,
      }),
    });
    release();
    await eventually(() => expect(bus.inspector.snapshot().counters.handled).toBe(3));
    expect(bus.inspector.snapshot().handlers[0]).toMatchObject({ running: 0, waiting: 0 });
    await bus.app.close();
    expect(bus.inspector.snapshot()).toMatchObject({ status: 'closed' });
  });

  itOnRedis7('its ACL answers with a command alone')(
    'rejects with what Redis says when it may not ask',
    async () => {
      const { inspector } = await bootLimited('+pubsub|channels');
      expect(await inspector.channels('limited*')).toEqual([]);
      const error = await reject(inspector.patternCount());
      expect(error).toBeInstanceOf(TransportRefusedError);
      expect(error.message).toMatch(
        /^Redis refused PUBSUB NUMPAT: NOPERM .*Add \+pubsub\|numpat to the rules of the user in the Redis ACL\.$/,
      );
    },
  );
});

describe('EventBusStatus', () => {
  it('is ready once the application has started, and closed once it has stopped', async () => {
    const bus = await boot();
    const states: string[] = [];
    let isComplete = false;
    bus.status.changes.subscribe({
      next: (state) => states.push(state),
      complete: () => (isComplete = true),
    });
    expect(bus.status.current).toBe('ready');
    await bus.status.whenReady();
    await bus.app.close();
    expect(bus.status.current).toBe('closed');
    expect(states).toEqual(['ready', 'closed']);
    expect(isComplete).toBe(true);
    await expect(bus.status.whenReady()).rejects.toThrow(BusClosedError);
    expect(await lastValueFrom(bus.status.changes.pipe(toArray()))).toEqual(['closed']);
  });

  it('is not ready while the application starts', async () => {
    const seen: string[] = [];
    @Injectable()
    class Watcher {
      constructor(private readonly status: EventBusStatus) {
        status.changes.subscribe((state) => seen.push(state));
      }

      @OnEvent('orders')
      handle() {}

      onModuleInit() {
        seen.push(`onModuleInit ${this.status.current}`);
      }
    }
    await boot({}, Watcher);
    expect(seen).toEqual(['connecting', 'onModuleInit connecting', 'ready']);
  });

  it('ends the waiting for ready when the bus is closed instead', async () => {
    const lost = await RedisServer.start();
    const bus = await boot({ transport: redis({ url: lost.url }) });
    await lost.stop();
    await eventually(() => expect(bus.status.current).toBe('degraded'));
    const waiting = reject(bus.status.whenReady());
    await bus.app.close();
    expect(await waiting).toBeInstanceOf(BusClosedError);
    expect(await reject(bus.subscriber.subscribe('orders', () => undefined))).toBeInstanceOf(BusClosedError);
  });

  it('does not leave ready while subscriptions are added and removed', async () => {
    const bus = await boot();
    const states: string[] = [];
    bus.status.changes.subscribe((state) => states.push(state));
    for (const round of range(10)) {
      const subscription = await bus.subscriber.subscribe(
        [`c${round}`, `p${round}*`],
        (_event: unknown) => undefined,
      );
      if (round % 2 === 0) await subscription.unsubscribe();
    }
    expect(states).toEqual(['ready']);
  });
});
