import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import type { EventBusModuleOptions, EventTransport, PublishOptions } from 'nestjs-redis-event-bus';
import {
  PublishManyError,
  PublishRefusedError,
  PublishUnconfirmedError,
  raw,
  redis,
} from 'nestjs-redis-event-bus';
import { Inbox } from '../support/inbox.js';
import { HAS_SHARDS } from '../support/redis.major.js';
import { RedisServer } from '../support/redis.server.js';
import { TcpProxy } from '../support/tcp.proxy.js';
import type { StartedApp } from '../support/started.apps.js';
import { startedApps } from '../support/started.apps.js';

const { boot } = startedApps(() => ({ transport: redis({ url: server.url }) }));
let server: RedisServer;
let closers: (() => unknown)[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** The events of one tick. The first of them leaves at once, the others together. */
const BATCH = 9;

/** `from`, `from + 1` and so on. */
const numbers = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n);

/** Publishes in one tick. */
const together = (bus: StartedApp, channel: string, payloads: readonly unknown[], options?: PublishOptions) =>
  Promise.all(payloads.map((payload) => bus.publisher.publish(channel, payload, options)));

/** An application, and how many writes to its socket what it publishes takes. */
async function bootCounted(
  options: Partial<EventBusModuleOptions> = {},
): Promise<{ readonly bus: StartedApp; readonly writes: () => number }> {
  const factory = options.transport ?? redis({ url: server.url });
  let transport: EventTransport | undefined;
  const create: typeof factory.create = (...args) => (transport = factory.create(...args));
  const bus = await boot({ ...options, transport: { ...factory, create } });
  const [{ stream }] = transport!.unwrap!() as [Redis];
  const write = jest.spyOn(stream, 'write');
  const writes = () => {
    const count = write.mock.calls.filter(([data]) => /publish/.test(String(data))).length;
    write.mockClear();
    return count;
  };
  return { bus, writes };
}

/** A user who may publish to `ok` alone, with these rules beside. */
async function limited(...rules: readonly string[]): Promise<string> {
  await server.cli('ACL', 'SETUSER', 'limited', 'reset', 'on', '>secret', '&ok', '-@all', ...rules);
  return server.url.replace('//', '//limited:secret@');
}
const PUBLISHING = ['+publish', ...(HAS_SHARDS ? ['+spublish'] : []), '+ping', '+info', '+unsubscribe'];

/** How often the server was asked for this since it last forgot, without leaving the tick. */
function askedInThisTick(command: string): number {
  const ask = `require('net').connect(${server.port}).on('connect', function () {
    this.pipe(process.stdout);
    this.write('INFO commandstats\\r\\nQUIT\\r\\n');
  })`;
  const stats = execFileSync(process.execPath, ['-e', ask], { encoding: 'utf8' });
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

/** What is on channels, seen by a client that is not part of the test, in one order. */
async function witness(...channels: readonly string[]): Promise<Inbox<Buffer>> {
  const inbox = new Inbox<Buffer>();
  const client = new Redis(server.url);
  closers.push(() => client.disconnect());
  client.on('messageBuffer', (_channel: Buffer, body: Buffer) => inbox.push(body));
  await client.subscribe(...channels);
  return inbox;
}

const reject = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => Promise.reject(new Error('It did not reject.')),
    (error: Error) => error,
  );

describe('events that are published in one tick', () => {
  it('leave as the first and one write for all behind it, each with its own count; an event alone is a write', async () => {
    const { bus, writes } = await bootCounted();
    await witness('a');
    await witness('a', 'b');
    const channels = ['a', 'a', 'b', 'nobody', 'a', 'b', 'a', 'b', 'b'];
    const counts = await Promise.all(channels.map((channel) => bus.publisher.publish(channel, 1)));
    expect(counts).toEqual([2, 2, 1, 0, 2, 1, 2, 1, 1]);
    expect(writes()).toBe(2);
    expect(await bus.publisher.publish('a', 1)).toBe(2);
    expect(writes()).toBe(1);
    expect(bus.snapshot.publishing).toEqual({ batching: 'pipeline' });
  });

  it('have the first of them on its way when publish returns', async () => {
    const bus = await boot();
    await server.cli('CONFIG', 'RESETSTAT');
    const inbox = await witness('a');
    const publishing = together(bus, 'a', [1, 2]);
    // Nothing else happens in this process meanwhile.
    expect(askedInThisTick('publish')).toBe(1);
    await publishing;
    expect((await inbox.count(2)).map(Number)).toEqual([1, 2]);
  });

  it('leave together also when promises publish that are settled together', async () => {
    const { bus, writes } = await bootCounted();
    const inbox = await witness('a');
    const gate = Promise.resolve();
    const later = async (n: number) => {
      for (let turn = 0; turn < n; turn += 1) await gate;
      return bus.publisher.publish('a', n);
    };
    await Promise.all(numbers(0, BATCH).map(later));
    expect(writes()).toBe(2);
    expect((await inbox.count(BATCH)).map(Number)).toEqual(numbers(0, BATCH));
  });

  it('leave one by one with batching: false', async () => {
    const { bus, writes } = await bootCounted({ batching: false });
    await together(bus, 'a', numbers(0, BATCH));
    await bus.publisher.publishMany(numbers(0, BATCH).map((payload) => ({ channel: 'a', payload })));
    expect(writes()).toBe(2 * BATCH);
    expect(bus.snapshot.publishing).toEqual({ batching: 'off' });
  });

  it('keep the order of the calls, over channels and ways to publish', async () => {
    const bus = await boot();
    const channels = ['a', 'b', 'c'];
    const inbox = await witness(...channels);
    const publishing: Promise<unknown>[] = [];
    const next = (n: number) => ({ channel: channels[(n >> 2) % 3] as string, payload: n });
    for (let n = 0; n < 10_000; n += 1) {
      const { channel, payload } = next(n);
      if (n % 7 === 3 && n < 9_999) {
        publishing.push(bus.publisher.publishMany([next(n), next(n + 1)]));
        n += 1;
      } else if (n % 5 === 0) {
        const whenDisconnected = { bufferMs: 5_000 };
        publishing.push(bus.publisher.publish(channel, payload, { whenDisconnected }));
      } else publishing.push(bus.publisher.publish(channel, payload));
      if (n % 100 === 50) await Promise.resolve();
      if (n % 1_000 === 500) await Promise.all(publishing);
    }
    await Promise.all(publishing);
    const bodies = await inbox.count(10_000);
    expect(bodies.map(Number)).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
  });

  it('bring any bytes', async () => {
    const { bus, writes } = await bootCounted({ codec: raw() });
    const inbox = await witness('a');
    const odd = [randomBytes(300), Buffer.alloc(0), 'tëxt', Buffer.from([0xff, 0x0d, 0x0a]), '$3\r\n'];
    const bodies = [...odd, ...odd];
    await Promise.all(bodies.map((body) => bus.publisher.publish('a', body)));
    expect(writes()).toBe(2);
    expect(await inbox.count(bodies.length)).toEqual(bodies.map((body) => Buffer.from(body)));
  });

  async function expectFailureAlike(channel: string, ...rules: readonly string[]): Promise<void> {
    const transport = redis({ url: await limited(...rules) });
    const [batched, alone] = [await boot({ transport }), await boot({ transport, batching: false })];
    const all = (bus: StartedApp) =>
      Promise.all(numbers(0, BATCH).map((n) => reject(bus.publisher.publish(channel, n))));
    const [[, error], [, expected]] = [await all(batched), await all(alone)];
    expect(error).toBeInstanceOf(PublishRefusedError);
    expect(error).toEqual(expected);
    expect(error?.message).toBe(expected?.message);
    expect(error?.cause).toEqual(expected?.cause);
    expect(Object.entries(error?.cause as object)).toEqual(Object.entries(expected?.cause as object));
  }

  it('fail as each by itself does: to another channel', () => expectFailureAlike('no', ...PUBLISHING));

  it('fail as each by itself does: without +publish', () =>
    expectFailureAlike('ok', '+ping', '+info', '+unsubscribe'));

  it('fail alone: the others arrive', async () => {
    const bus = await boot({ transport: redis({ url: await limited(...PUBLISHING) }) });
    const inbox = await witness('ok');
    const channels = ['ok', 'ok', 'no', 'ok', 'no', 'no', 'ok', 'no', 'ok'];
    for (const _first of [true, false]) {
      const events = channels.map((channel, payload) => ({ channel, payload }));
      const error = (await reject(bus.publisher.publishMany(events))) as PublishManyError;
      const refused = { error: { code: 'EVENT_BUS_PUBLISH_REFUSED' } };
      const accepted = { subscriptions: 1 };
      expect(error.outcomes).toMatchObject(
        channels.map((channel) => (channel === 'ok' ? accepted : refused)),
      );
    }
    expect((await inbox.count(10)).map(Number)).toEqual([0, 1, 3, 6, 8, 0, 1, 3, 6, 8]);
  });

  it('are each an error to `reconnectOnError` when they are refused', async () => {
    const errors: string[] = [];
    const reconnectOnError = ({ message }: Error) => {
      errors.push(message.replace(/ .*/, ''));
      return false;
    };
    const bus = await boot({ transport: redis({ url: await limited(...PUBLISHING), reconnectOnError }) });
    const refused = together(bus, 'no', numbers(0, BATCH)).catch((error: unknown) => error);
    const last = bus.publisher.publish('ok', 1);
    expect(await refused).toBeInstanceOf(PublishRefusedError);
    expect(await last).toBe(0);
    expect(errors).toEqual(Array(BATCH).fill('NOPERM'));
  });

  it('need no right but that to publish, and ask for none', async () => {
    await server.cli('ACL', 'LOG', 'RESET');
    const kinds = HAS_SHARDS ? (['channel', 'shard'] as const) : (['channel'] as const);
    const bus = await boot({ transport: redis({ url: await limited(...PUBLISHING) }) });
    for (const kind of kinds) {
      expect(await together(bus, 'ok', numbers(0, BATCH), { kind })).toEqual(Array(BATCH).fill(0));
    }
    expect(await server.cli('ACL', 'LOG')).toEqual([]);
  });

  it('are unconfirmed, each of them, and delivered once at most, when the answer is lost', async () => {
    const proxy = await TcpProxy.start({ targetPort: server.port });
    closers.push(() => proxy.stop());
    const bus = await boot({ transport: redis({ url: `redis://127.0.0.1:${proxy.port}` }) });
    const inbox = await witness('a');
    proxy.pause('toClient');
    const all = numbers(0, BATCH);
    const publishing = Promise.all(all.map((n) => reject(bus.publisher.publish('a', n))));
    await inbox.count(BATCH);
    proxy.cut();
    proxy.resume('toClient');
    for (const error of await publishing) expect(error).toBeInstanceOf(PublishUnconfirmedError);
    await bus.publisher.publish('a', BATCH, { whenDisconnected: { bufferMs: 5_000 } });
    expect((await inbox.count(BATCH + 1)).map(Number)).toEqual([...all, BATCH]);
  });

  it('leave before the application has closed', async () => {
    const bus = await boot();
    const inbox = await witness('a');
    const publishing = Promise.all([1, 2].map((n) => bus.publisher.publish('a', n)));
    const closing = bus.app.close();
    expect(await publishing).toEqual([1, 1]);
    await closing;
    expect((await inbox.count(2)).map(Number)).toEqual([1, 2]);
  });
});
