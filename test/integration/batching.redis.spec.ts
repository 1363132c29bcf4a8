import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { EventBusModuleOptions } from 'nestjs-redis-event-bus';
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

/** An application whose right to scripts has been asked for. */
async function bootProbed(options: Partial<EventBusModuleOptions> = {}): Promise<StartedApp> {
  const bus = await boot(options);
  await Promise.all([bus.publisher.publish('probe', 'x'), bus.publisher.publish('probe', 'x')]);
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
  it('leave as one EVAL, each with its own count; an event alone is a PUBLISH', async () => {
    const bus = await bootProbed();
    await witness('a');
    await witness('a', 'b');
    const channels = ['a', 'a', 'b', 'nobody', 'a', 'b'];
    const counts = await Promise.all(channels.map((channel) => bus.publisher.publish(channel, 1)));
    expect(counts).toEqual([2, 2, 1, 0, 2, 1]);
    expect(await asked('eval')).toEqual([1]);
    await server.cli('CONFIG', 'RESETSTAT');
    expect(await bus.publisher.publish('a', 1)).toBe(2);
    expect(await asked('eval', 'publish')).toEqual([0, 1]);
    expect(bus.snapshot.publishing).toEqual({ batching: 'script' });
  });

  it('leave together also when promises publish that are settled together', async () => {
    const bus = await bootProbed();
    const inbox = await witness('a');
    const gate = Promise.resolve();
    const later = async (n: number) => {
      for (let turn = 0; turn < n; turn += 1) await gate;
      return bus.publisher.publish('a', n);
    };
    await Promise.all([later(0), later(1), later(5), later(20)]);
    expect(await asked('eval')).toEqual([1]);
    expect((await inbox.count(4)).map(String)).toEqual(['0', '1', '5', '20']);
  });

  it('are asked for once for each connection, beside the first two, and none is sent twice', async () => {
    const bus = await boot();
    const inbox = await witness('a');
    expect(bus.snapshot.publishing).toEqual({ batching: 'undecided' });
    await server.cli('CONFIG', 'RESETSTAT');
    await bus.publisher.publish('a', 0);
    expect([await asked('eval'), bus.snapshot.publishing]).toEqual([[0], { batching: 'undecided' }]);
    await Promise.all([1, 2].map((n) => bus.publisher.publish('a', n)));
    expect([await asked('eval'), bus.snapshot.publishing]).toEqual([[1], { batching: 'script' }]);
    await Promise.all([3, 4].map((n) => bus.publisher.publish('a', n)));
    expect(await asked('eval')).toEqual([2]);
    expect((await inbox.count(5)).map(String)).toEqual(['0', '1', '2', '3', '4']);
  });

  it('leave one by one with batching: false', async () => {
    const bus = await bootProbed({ batching: false });
    await Promise.all([1, 2, 3].map((n) => bus.publisher.publish('a', n)));
    await bus.publisher.publishMany([1, 2, 3].map((payload) => ({ channel: 'a', payload })));
    expect(await asked('eval', 'publish')).toEqual([0, 6]);
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
    const bodies = [randomBytes(300), Buffer.alloc(0), 'tëxt', Buffer.from([0xff, 0x0d, 0x0a]), '$3\r\n'];
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
    // 33 bodies of 2,000 bytes are over 64 KiB, 32 are not.
    await send('big', 32, 'x'.repeat(1_998));
    expect(await asked('eval', 'publish')).toEqual([1, 32]);
    await send('big', 66, 'x'.repeat(1_998));
    expect((await asked('eval'))[0]).toBe(3);

    for (let n = 0; n < 40; n += 1) await witness('loved');
    await send('loved', 1, '');
    await send('loved', 100, '');
    expect(await asked('eval')).toEqual([1]);
    await send('loved', 250, '');
    expect(await asked('eval')).toEqual([3]);
    // What is not known yet is taken for as many as the last one was.
    await send('nobody', 1, '');
    await send('nobody', 8_000, '');
    expect(await asked('eval')).toEqual([2]);
  });

  async function expectFailureAlike(channel: string, ...rules: readonly string[]): Promise<void> {
    const transport = redis({ url: await limited(...rules) });
    const [together, alone] = [await boot({ transport }), await boot({ transport, batching: false })];
    const both = (bus: StartedApp) =>
      Promise.all([1, 2].map((n) => reject(bus.publisher.publish(channel, n))));
    await both(together);
    expect(together.snapshot.publishing).toEqual({ batching: 'script' });
    await server.cli('CONFIG', 'RESETSTAT');
    const [[error], [expected]] = [await both(together), await both(alone)];
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
    const channels = ['ok', 'no', 'ok', 'no', 'no', 'ok'];
    for (const _first of [true, false]) {
      const events = channels.map((channel, payload) => ({ channel, payload }));
      const error = (await reject(bus.publisher.publishMany(events))) as PublishManyError;
      const refused = { error: { code: 'EVENT_BUS_PUBLISH_REFUSED' } };
      const accepted = { subscriptions: 1 };
      expect(error.outcomes).toMatchObject([accepted, refused, accepted, refused, refused, accepted]);
    }
    expect((await inbox.count(6)).map(Number)).toEqual([0, 2, 5, 0, 2, 5]);
  });

  it('leave in a pipeline where the user may not run scripts', async () => {
    const bus = await bootProbed({ transport: redis({ url: await limited(...PUBLISHING) }) });
    const inbox = await witness('ok');
    const counts = await Promise.all([1, 2, 3].map((n) => bus.publisher.publish('ok', n)));
    expect(counts).toEqual([1, 1, 1]);
    expect((await inbox.count(3)).map(Number)).toEqual([1, 2, 3]);
    expect(await asked('eval', 'publish')).toEqual([0, 3]);
    expect(bus.snapshot.publishing).toEqual({ batching: 'pipeline' });
  });

  it('are asked for again on the next connection', async () => {
    const bus = await bootProbed({ transport: redis({ url: await limited(...PUBLISHING) }) });
    await limited(...PUBLISHING, '+eval');
    await server.cli('CLIENT', 'KILL', 'USER', 'limited');
    const whenDisconnected = { bufferMs: 5_000 };
    const both = () => Promise.all([1, 2].map((n) => bus.publisher.publish('ok', n, { whenDisconnected })));
    // One of these may meet the end of the old connection.
    await both().catch(() => undefined);
    await both();
    await both();
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
        const both = () => Promise.all([1, 2].map((n) => bus.publisher.publish('ok', n, { kind: 'shard' })));
        expect(await both()).toEqual([0, 0]);
        await server.cli('CONFIG', 'RESETSTAT');
        expect(await both()).toEqual([0, 0]);
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
    const publishing = Promise.all([1, 2, 3].map((n) => reject(bus.publisher.publish('a', n))));
    await inbox.count(3);
    proxy.cut();
    proxy.resume('toClient');
    for (const error of await publishing) expect(error).toBeInstanceOf(PublishUnconfirmedError);
    await bus.publisher.publish('a', 4, { whenDisconnected: { bufferMs: 5_000 } });
    expect((await inbox.count(4)).map(Number)).toEqual([1, 2, 3, 4]);
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
  const both = (bus: StartedApp, ...payloads: readonly number[]) =>
    Promise.all(payloads.map((payload) => bus.publisher.publish('ok', payload)));

  /** A bus that has sent a script, and what stands between it and the server. */
  async function scripted(
    url: string,
    options: Partial<EventBusModuleOptions> = {},
  ): Promise<{ readonly bus: StartedApp; readonly proxy: TcpProxy }> {
    const proxy = await TcpProxy.start({ targetPort: Number(new URL(url).port) });
    closers.push(() => proxy.stop());
    const through = url.replace(/:\d+$/, `:${proxy.port}`);
    const bus = await boot({ transport: redis({ url: through }), ...options });
    await both(bus, 0, 0);
    await both(bus, 0, 0);
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
    const publishing = [both(bus, 1, 2, 3)];
    for (const later of [[4], [5, 6], [7]]) {
      await turn();
      publishing.push(both(bus, ...later));
    }
    await turn();
    expect(inbox.items).toEqual([]);
    proxy.resume('toClient');
    expect((await Promise.all(publishing)).flat()).toEqual(Array(7).fill(1));
    const events = (await inbox.count(7)).map(
      (body) => JSON.parse(String(body)) as { data: number; sequence: string; publisherid: string },
    );
    expect(events.map(({ data }) => data)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const [first] = events.map(({ sequence }) => Number(sequence));
    expect(events.map(({ sequence }) => Number(sequence) - (first as number))).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(new Set(events.map(({ publisherid }) => publisherid)).size).toBe(1);
    expect(bus.snapshot.publishing).toEqual({ batching: 'pipeline' });
  });

  it('is sent one by one while a replica has no master', async () => {
    const replica = await RedisServer.start({ args: ['--replica-serve-stale-data', 'no'] });
    closers.push(() => replica.stop());
    const { bus } = await scripted(replica.url);
    await replica.cli('REPLICAOF', '127.0.0.1', '1');
    await expect(replica.cli('EVAL', 'return 1', 0)).rejects.toThrow('MASTERDOWN');
    expect(await both(bus, 1, 2)).toEqual([0, 0]);
    expect(await both(bus, 1, 2)).toEqual([0, 0]);
    await replica.cli('REPLICAOF', 'NO', 'ONE');
    await both(bus, 1, 2);
    await eventually(() => expect(bus.snapshot.publishing).toEqual({ batching: 'script' }));
    expect(await both(bus, 1, 2)).toEqual([0, 0]);
  });

  itWithShards('is refused, and not sent behind what was executed after it', async () => {
    const { bus, proxy } = await scripted(await limited(...PUBLISHING, '+eval', '~shard'));
    const inbox = await witness('ok');
    const shard = () => bus.publisher.publish('ok', 9, { kind: 'shard' });
    proxy.hold('toServer');
    const refused = Promise.all([1, 2].map((n) => reject(bus.publisher.publish('ok', n))));
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
    expect(await both(bus, 3, 4)).toEqual([1, 1]);
    expect((await inbox.count(2)).map(Number)).toEqual([3, 4]);
  });
});
