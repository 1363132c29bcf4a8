import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { EventBusModuleOptions, PublishOptions } from 'nestjs-redis-event-bus';
import {
  PublishManyError,
  PublishRefusedError,
  PublishUnconfirmedError,
  cloudEvents,
  raw,
  redis,
} from 'nestjs-redis-event-bus';
import { eventually } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import { HAS_SHARDS, itOnRedis7, itWithShards } from '../support/redis.major.js';
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

/** The first of a tick leaves at once; so many behind it are a script. */
const SCRIPT = 8;
const BATCH = 1 + SCRIPT;

/** `from`, `from + 1` and so on. */
const numbers = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n);

/** Publishes in one tick. */
const together = (bus: StartedApp, channel: string, payloads: readonly unknown[], options?: PublishOptions) =>
  Promise.all(payloads.map((payload) => bus.publisher.publish(channel, payload, options)));

/** An application whose right to scripts has been asked for. */
async function bootProbed(options: Partial<EventBusModuleOptions> = {}): Promise<StartedApp> {
  const bus = await boot(options);
  await together(bus, 'probe', Array(BATCH).fill('x'));
  await server.cli('CONFIG', 'RESETSTAT');
  return bus;
}

/** A user who may publish to `ok` alone, with these rules beside. */
async function limited(...rules: readonly string[]): Promise<string> {
  await server.cli('ACL', 'SETUSER', 'limited', 'reset', 'on', '>secret', '&ok', '&probe', '-@all', ...rules);
  return server.url.replace('//', '//limited:secret@');
}
const PUBLISHING = ['+publish', ...(HAS_SHARDS ? ['+spublish'] : []), '+ping', '+info', '+unsubscribe'];

/** How often the server was asked for each of these, since it last forgot. */
async function asked(...commands: readonly string[]): Promise<number[]> {
  const stats = String(await server.cli('INFO', 'commandstats'));
  return commands.map((command) =>
    Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0),
  );
}

/** As {@link asked}, without leaving the tick. */
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
  it('leave as a PUBLISH and one EVAL, each with its own count; an event alone is a PUBLISH', async () => {
    const bus = await bootProbed();
    await witness('a');
    await witness('a', 'b');
    const channels = ['a', 'a', 'b', 'nobody', 'a', 'b', 'a', 'b', 'b'];
    const counts = await Promise.all(channels.map((channel) => bus.publisher.publish(channel, 1)));
    expect(counts).toEqual([2, 2, 1, 0, 2, 1, 2, 1, 1]);
    // With the PUBLISHes that the script makes.
    expect(await asked('eval', 'publish')).toEqual([1, BATCH]);
    await server.cli('CONFIG', 'RESETSTAT');
    expect(await bus.publisher.publish('a', 1)).toBe(2);
    expect(await asked('eval', 'publish')).toEqual([0, 1]);
    expect(bus.snapshot.publishing).toEqual({ batching: 'script' });
  });

  it('are no script while they are few', async () => {
    const bus = await bootProbed();
    const inbox = await witness('a');
    expect(await together(bus, 'a', numbers(0, BATCH - 1))).toEqual(Array(BATCH - 1).fill(1));
    expect(await asked('eval', 'publish')).toEqual([0, BATCH - 1]);
    expect((await inbox.count(BATCH - 1)).map(Number)).toEqual(numbers(0, BATCH - 1));
  });

  it('have the first of them on its way when publish returns', async () => {
    const bus = await bootProbed();
    const inbox = await witness('a');
    const publishing = together(bus, 'a', [1, 2]);
    // Nothing else happens in this process meanwhile.
    expect(askedInThisTick('publish')).toBe(1);
    await publishing;
    expect((await inbox.count(2)).map(Number)).toEqual([1, 2]);
  });

  it('leave together also when promises publish that are settled together', async () => {
    const bus = await bootProbed();
    const inbox = await witness('a');
    const gate = Promise.resolve();
    const later = async (n: number) => {
      for (let turn = 0; turn < n; turn += 1) await gate;
      return bus.publisher.publish('a', n);
    };
    await Promise.all(numbers(0, BATCH).map(later));
    expect(await asked('eval')).toEqual([1]);
    expect((await inbox.count(BATCH)).map(Number)).toEqual(numbers(0, BATCH));
  });

  it('are asked for once for each connection, beside the first script, and none is sent twice', async () => {
    const bus = await boot();
    const inbox = await witness('a');
    expect(bus.snapshot.publishing).toEqual({ batching: 'undecided' });
    await server.cli('CONFIG', 'RESETSTAT');
    await together(bus, 'a', numbers(0, SCRIPT));
    expect([await asked('eval'), bus.snapshot.publishing]).toEqual([[0], { batching: 'undecided' }]);
    await together(bus, 'a', numbers(SCRIPT, BATCH));
    expect([await asked('eval'), bus.snapshot.publishing]).toEqual([[1], { batching: 'script' }]);
    await together(bus, 'a', numbers(SCRIPT + BATCH, BATCH));
    expect(await asked('eval')).toEqual([2]);
    const all = SCRIPT + 2 * BATCH;
    expect((await inbox.count(all)).map(Number)).toEqual(numbers(0, all));
  });

  it('leave one by one with batching: false', async () => {
    const bus = await bootProbed({ batching: false });
    await together(bus, 'a', numbers(0, BATCH));
    await bus.publisher.publishMany(numbers(0, BATCH).map((payload) => ({ channel: 'a', payload })));
    expect(await asked('eval', 'publish')).toEqual([0, 2 * BATCH]);
    expect(bus.snapshot.publishing).toEqual({ batching: 'off' });
  });

  it('keep the order of the calls, over channels and ways to publish', async () => {
    const bus = await bootProbed();
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
    const bus = await bootProbed({ codec: raw() });
    const inbox = await witness('a');
    const odd = [randomBytes(300), Buffer.alloc(0), 'tëxt', Buffer.from([0xff, 0x0d, 0x0a]), '$3\r\n'];
    const bodies = [...odd, ...odd];
    await Promise.all(bodies.map((body) => bus.publisher.publish('a', body)));
    expect(await asked('eval')).toEqual([1]);
    expect(await inbox.count(bodies.length)).toEqual(bodies.map((body) => Buffer.from(body)));
  });

  it('are at most 64 KiB and 4,000 deliveries of one script', async () => {
    const bus = await bootProbed();
    const send = async (channel: string, count: number, payload: string) => {
      await server.cli('CONFIG', 'RESETSTAT');
      await Promise.all(Array.from({ length: count }, () => bus.publisher.publish(channel, payload)));
    };
    // 33 bodies of 2,000 bytes are over 64 KiB, 32 are not. The first of all leaves by itself.
    await send('big', 1 + 32, 'x'.repeat(1_998));
    expect(await asked('eval', 'publish')).toEqual([1, 33]);
    await send('big', 1 + 66, 'x'.repeat(1_998));
    expect((await asked('eval'))[0]).toBe(3);

    for (let n = 0; n < 40; n += 1) await witness('loved');
    await send('loved', 1, '');
    await send('loved', 1 + 100, '');
    expect(await asked('eval')).toEqual([1]);
    await send('loved', 1 + 250, '');
    expect(await asked('eval')).toEqual([3]);
    // What is not known yet is taken for as many as the last one was.
    await send('nobody', 1, '');
    await send('nobody', 1 + 8_000, '');
    expect(await asked('eval')).toEqual([2]);
  });

  async function expectFailureAlike(channel: string, ...rules: readonly string[]): Promise<void> {
    const transport = redis({ url: await limited(...rules) });
    const [batched, alone] = [await boot({ transport }), await boot({ transport, batching: false })];
    const all = (bus: StartedApp) =>
      Promise.all(numbers(0, BATCH).map((n) => reject(bus.publisher.publish(channel, n))));
    await all(batched);
    expect(batched.snapshot.publishing).toEqual({ batching: 'script' });
    await server.cli('CONFIG', 'RESETSTAT');
    const [[, error], [, expected]] = [await all(batched), await all(alone)];
    expect((await asked('eval'))[0]).toBe(1);
    expect(error).toBeInstanceOf(PublishRefusedError);
    expect(error).toEqual(expected);
    expect(error?.message).toBe(expected?.message);
    expect(error?.cause).toEqual(expected?.cause);
    expect(Object.entries(error?.cause as object)).toEqual(Object.entries(expected?.cause as object));
  }

  it('fail as each by itself does: to another channel', () =>
    expectFailureAlike('no', ...PUBLISHING, '+eval'));

  itOnRedis7('a script is refused in other words')('fail as each by itself does: without +publish', () =>
    expectFailureAlike('ok', '+eval', '+ping', '+info', '+unsubscribe'),
  );

  it('fail alone: the others arrive', async () => {
    const bus = await boot({ transport: redis({ url: await limited(...PUBLISHING, '+eval') }) });
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

  it('leave in a pipeline where the user may not run scripts', async () => {
    const bus = await bootProbed({ transport: redis({ url: await limited(...PUBLISHING) }) });
    const inbox = await witness('ok');
    expect(await together(bus, 'ok', numbers(0, BATCH))).toEqual(Array(BATCH).fill(1));
    expect((await inbox.count(BATCH)).map(Number)).toEqual(numbers(0, BATCH));
    expect(await asked('eval', 'publish')).toEqual([0, BATCH]);
    expect(bus.snapshot.publishing).toEqual({ batching: 'pipeline' });
  });

  it('are asked for again on the next connection', async () => {
    const bus = await bootProbed({ transport: redis({ url: await limited(...PUBLISHING) }) });
    await limited(...PUBLISHING, '+eval');
    await server.cli('CLIENT', 'KILL', 'USER', 'limited');
    const whenDisconnected = { bufferMs: 5_000 };
    const all = () => together(bus, 'ok', numbers(0, BATCH), { whenDisconnected });
    // One of these may meet the end of the old connection.
    await all().catch(() => undefined);
    await all();
    await all();
    expect(bus.snapshot.publishing).toEqual({ batching: 'script' });
  });

  itWithShards(
    'are sharded as one EVAL where the channels may be keys, otherwise in a pipeline',
    async () => {
      for (const [keys, batching] of [
        [['~ok'], 'script'],
        [[], 'pipeline'],
      ] as const) {
        const url = await limited(...PUBLISHING, '+eval', ...keys);
        const bus = await boot({ transport: redis({ url }) });
        const all = () => together(bus, 'ok', numbers(0, BATCH), { kind: 'shard' });
        expect(await all()).toEqual(Array(BATCH).fill(0));
        await server.cli('CONFIG', 'RESETSTAT');
        expect(await all()).toEqual(Array(BATCH).fill(0));
        expect(bus.snapshot.publishing).toEqual({ batching });
        expect(await asked('eval')).toEqual([batching === 'script' ? 1 : 0]);
      }
    },
  );

  it('are unconfirmed, each of them, and delivered once at most, when the answer is lost', async () => {
    const proxy = await TcpProxy.start({ targetPort: server.port });
    closers.push(() => proxy.stop());
    const bus = await bootProbed({ transport: redis({ url: `redis://127.0.0.1:${proxy.port}` }) });
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
    const bus = await bootProbed();
    const inbox = await witness('a');
    const publishing = Promise.all([1, 2].map((n) => bus.publisher.publish('a', n)));
    const closing = bus.app.close();
    expect(await publishing).toEqual([1, 1]);
    await closing;
    expect((await inbox.count(2)).map(Number)).toEqual([1, 2]);
  });
});

describe('a script that the server does not begin', () => {
  const publish = (bus: StartedApp, payloads: readonly number[]) => together(bus, 'ok', payloads);

  /** A bus that has sent a script, and what stands between it and the server. */
  async function scripted(
    url: string,
    options: Partial<EventBusModuleOptions> = {},
  ): Promise<{ readonly bus: StartedApp; readonly proxy: TcpProxy }> {
    const proxy = await TcpProxy.start({ targetPort: Number(new URL(url).port) });
    closers.push(() => proxy.stop());
    const through = url.replace(/:\d+$/, `:${proxy.port}`);
    const bus = await boot({ transport: redis({ url: through }), ...options });
    await publish(bus, numbers(0, BATCH));
    await publish(bus, numbers(0, BATCH));
    expect(bus.snapshot.publishing).toEqual({ batching: 'script' });
    return { bus, proxy };
  }

  it('is sent one by one when the permission is taken away, and all behind it in order', async () => {
    const { bus, proxy } = await scripted(await limited(...PUBLISHING, '+eval'), {
      codec: cloudEvents({ source: '/orders' }),
    });
    const inbox = await witness('ok');
    await server.cli('ACL', 'SETUSER', 'limited', '-eval');
    proxy.hold('toClient');
    const publishing = [publish(bus, numbers(0, BATCH))];
    for (const [from, count] of [
      [BATCH, 1],
      [BATCH + 1, 2],
      [BATCH + 3, BATCH],
    ] as const) {
      await turn();
      publishing.push(publish(bus, numbers(from, count)));
    }
    await turn();
    // The first of all was no script.
    expect(await inbox.count(1)).toHaveLength(1);
    proxy.resume('toClient');
    const all = numbers(0, 2 * BATCH + 3);
    expect((await Promise.all(publishing)).flat()).toEqual(all.map(() => 1));
    const events = (await inbox.count(all.length)).map(
      (body) => JSON.parse(String(body)) as { data: number; sequence: string; publisherid: string },
    );
    expect(events.map(({ data }) => data)).toEqual(all);
    const [first] = events.map(({ sequence }) => Number(sequence));
    expect(events.map(({ sequence }) => Number(sequence) - (first as number))).toEqual(all);
    expect(new Set(events.map(({ publisherid }) => publisherid)).size).toBe(1);
    expect(bus.snapshot.publishing).toEqual({ batching: 'pipeline' });
  });

  it('is sent one by one while a replica has no master', async () => {
    const replica = await RedisServer.start({ args: ['--replica-serve-stale-data', 'no'] });
    closers.push(() => replica.stop());
    const { bus } = await scripted(replica.url);
    await replica.cli('REPLICAOF', '127.0.0.1', '1');
    await expect(replica.cli('EVAL', 'return 1', 0)).rejects.toThrow('MASTERDOWN');
    const none = Array(BATCH).fill(0);
    expect(await publish(bus, numbers(0, BATCH))).toEqual(none);
    expect(await publish(bus, numbers(0, BATCH))).toEqual(none);
    await replica.cli('REPLICAOF', 'NO', 'ONE');
    await publish(bus, numbers(0, BATCH));
    await eventually(() => expect(bus.snapshot.publishing).toEqual({ batching: 'script' }));
    expect(await publish(bus, numbers(0, BATCH))).toEqual(none);
  });

  itWithShards('is refused, and not sent behind what was executed after it', async () => {
    const { bus, proxy } = await scripted(await limited(...PUBLISHING, '+eval', '~shard'));
    const inbox = await witness('ok');
    const shard = () => bus.publisher.publish('ok', 9, { kind: 'shard' });
    proxy.hold('toServer');
    const first = bus.publisher.publish('ok', 0).catch((error: unknown) => error);
    const refused = Promise.all(numbers(1, SCRIPT).map((n) => reject(bus.publisher.publish('ok', n))));
    await turn();
    // A shard channel that no script may have for a key.
    const single = shard();
    await turn();
    await server.cli('ACL', 'SETUSER', 'limited', '-eval');
    proxy.resume('toServer');
    expect(await single).toBe(0);
    for (const error of await refused) {
      expect(error).toBeInstanceOf(PublishRefusedError);
      expect(error.message).toContain('NOPERM');
    }
    expect(await first).toBe(1);
    expect(await publish(bus, [3, 4])).toEqual([1, 1]);
    expect((await inbox.count(3)).map(Number)).toEqual([0, 3, 4]);
  });
});
