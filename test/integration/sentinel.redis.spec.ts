import { Redis } from 'ioredis';
import type { RedisTransportOptions } from 'nestjs-redis-event-bus';
import { NotConnectedError, redis } from 'nestjs-redis-event-bus';
import { describeTransport } from '../../libs/event-bus/src/conformance/describe-transport.js';
import { CertificateAuthority } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { FakeSentinel } from '../support/fake.sentinel.js';
import { freePort } from '../support/free.port.js';
import { Inbox } from '../support/inbox.js';
import { muteListener } from '../support/mute.listener.js';
import { subscriberCount } from '../support/pubsub.probe.js';
import { HAS_SHARDS } from '../support/redis.major.js';
import { RedisSentinels } from '../support/redis.sentinels.js';
import { RedisServer } from '../support/redis.server.js';
import { startedApps } from '../support/started.apps.js';
import { TlsRedis } from '../support/tls.redis.js';

/** Set for each project in jest.config.mjs. */
declare const IOREDIS_MAJOR: number;

const heartbeat = { intervalMs: 250, timeoutMs: 500 };
/** None within a test. */
const rare = { intervalMs: 120_000, timeoutMs: 2_000 };

const { boot: bootOn } = startedApps();
let closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Ends with the test. */
function kept<T extends { stop(): unknown }>(started: T): T {
  closers.push(() => started.stop());
  return started;
}

const boot = (options: RedisTransportOptions, startTimeoutMs = 5_000) =>
  bootOn({ transport: redis(options), startup: { timeoutMs: startTimeoutMs } });

const onLoopback = (port: number) => ({ host: '127.0.0.1', port });

describe('a conforming transport', () => {
  let sentinels: RedisSentinels;
  const capabilities = { shard: HAS_SHARDS, claim: true, links: true };
  describeTransport(
    `redis({ sentinels }) on ioredis ${IOREDIS_MAJOR}`,
    () => {
      const factory = redis(sentinels.redisOptions);
      return { open: async (listener) => factory.create(listener), capabilities };
    },
    {
      capabilities,
      before: async () => {
        sentinels = await RedisSentinels.start();
      },
      after: () => sentinels.stop(),
    },
  );
});

describe('when the master changes', () => {
  let sentinels: RedisSentinels;
  beforeEach(async () => {
    sentinels = kept(await RedisSentinels.start());
  });

  /** Two applications: one publishes 500 events a second as long as the test runs, both listen. */
  async function bootUnderLoad() {
    const options = { ...sentinels.redisOptions, heartbeat };
    const [talker, listener] = [await boot(options), await boot(options)];
    const [own, heard] = [new Inbox<number>(), new Inbox<number>()];
    await talker.subscriber.subscribe('orders', (payload) => own.push(payload as number));
    await listener.subscriber.subscribe('orders', (payload) => heard.push(payload as number));
    /** By event: when Redis accepted it. */
    const accepted = new Map<number, number>();
    let next = 0;
    const publish = async () => {
      next += 1;
      const event = next;
      const sentAtMs = Date.now();
      await talker.publisher.publish('orders', event);
      accepted.set(event, sentAtMs);
      return event;
    };
    const timer = setInterval(() => void publish().catch(() => undefined), 2);
    closers.push(() => clearInterval(timer));
    await eventually(() => expect(heard.items.length).toBeGreaterThan(50));
    return { talker, listener, own, heard, accepted, publish };
  }

  it.each([
    ['by hand', () => sentinels.failover()],
    ['because it was killed', () => sentinels.killMaster()],
    ['because it has stopped', () => sentinels.stopMaster()],
  ])('goes to the new one, when it changes %s, and tells what may be lost', async (_how, change) => {
    const { talker, listener, own, heard, accepted, publish } = await bootUnderLoad();
    const old = await sentinels.master();
    const master = await change();
    await eventually(async () => expect(await subscriberCount(master, 'orders')).toBe(2), {
      timeoutMs: 10_000,
    });
    await Promise.all([talker.status.whenReady(), listener.status.whenReady()]);

    await eventually(async () => expect(await publish()).toBeGreaterThan(0));
    const marks = await Promise.all(Array.from({ length: 100 }, publish));
    for (const inbox of [own, heard]) {
      await inbox.upTo((event) => event === marks.at(-1));
      expect(inbox.items).toEqual(expect.arrayContaining(marks));
      expect(new Set(inbox.items).size).toBe(inbox.items.length);
    }
    // Nobody is left at the old one, which takes itself for the master when the change was made by hand.
    await old.kill('SIGCONT');
    await eventually(async () =>
      expect(old.isRunning && (await subscriberCount(old, 'orders')) > 0).toBe(false),
    );
    const received = new Set(heard.items);
    const lost = [...accepted].filter(([event]) => event < marks[0]! && !received.has(event));
    expect(listener.gaps.items).not.toEqual([]);
    const fromMs = Math.min(...listener.gaps.items.map((gap) => gap.fromMs));
    expect(lost.filter(([, sentAtMs]) => sentAtMs < fromMs)).toEqual([]);
    for (const gap of listener.gaps.items) {
      expect(gap).toMatchObject({ reason: 'connection-lost', targets: ['orders'] });
    }
  });

  it('goes to the new one although a sentinel is dead, and another was', async () => {
    const [first, second] = sentinels.sentinels;
    await first!.kill();
    const { publisher, status, subscriber, log } = await boot({ ...sentinels.redisOptions, heartbeat });
    const inbox = new Inbox<unknown>();
    await subscriber.subscribe('orders', inbox.push);
    await second!.restart();
    const master = await sentinels.killMaster();
    await eventually(async () => expect(await subscriberCount(master, 'orders')).toBe(1), {
      timeoutMs: 10_000,
    });
    await status.whenReady();
    await publisher.publish('orders', 'arrived');
    expect(await inbox.count(1)).toEqual(['arrived']);
    expect(log.troubles.join('\n')).not.toContain('sentinel');
  });

  it('starts although a sentinel has stopped', async () => {
    const [first] = sentinels.sentinels;
    await first!.kill('SIGSTOP');
    const { publisher } = await boot(sentinels.redisOptions);
    expect(await publisher.publish('orders', 1)).toBe(0);
  });

  it('takes the sentinels of a client', async () => {
    const client = new Redis({ ...sentinels.redisOptions, lazyConnect: true });
    const { subscriber, status } = await boot({ client, heartbeat });
    await subscriber.subscribe('orders', () => undefined);
    const master = await sentinels.failover();
    await eventually(async () => expect(await subscriberCount(master, 'orders')).toBe(1));
    await status.whenReady();
    expect(client.status).toBe('wait');
    client.disconnect();
  });

  it('leaves no connection to a sentinel when it is closed', async () => {
    const { app } = await boot(sentinels.redisOptions);
    const clients = async () =>
      (await Promise.all(sentinels.sentinels.map((sentinel) => sentinel.cli('CLIENT', 'LIST')))).map(
        (list) => String(list).match(/ name= /g)?.length,
      );
    // Each is asked and listened to; the third is the one that counts.
    await eventually(async () => expect(await clients()).toEqual([3, 3, 3]));
    await app.close();
    await eventually(async () => expect(await clients()).toEqual([1, 1, 1]));
  });
});

describe('when sentinels differ', () => {
  let old: RedisServer;
  let master: RedisServer;
  beforeEach(async () => {
    [old, master] = await Promise.all([RedisServer.start(), RedisServer.start()]);
    closers.push(() => Promise.all([old.stop(), master.stop()]));
  });

  const fake = async (server: RedisServer, epoch: number, others: readonly number[] = []) =>
    kept(await FakeSentinel.start({ masterPort: server.port, epoch, others }));
  const optionsFor = (...sentinels: readonly { readonly port: number }[]) => ({
    name: 'mymaster',
    sentinels: sentinels.map(({ port }) => onLoopback(port)),
    heartbeat,
  });

  async function bootSubscribed(options: RedisTransportOptions) {
    const bus = await boot(options);
    await bus.subscriber.subscribe('orders', () => undefined);
    return bus;
  }

  it('believes the one that has seen the latest failover, be it the last', async () => {
    const sentinels = [await fake(old, 3), await fake(old, 3), await fake(master, 4)];
    const { publisher } = await bootSubscribed(optionsFor(...sentinels));
    expect(await publisher.publish('orders', 1)).toBe(1);
    expect(await subscriberCount(master, 'orders')).toBe(1);
  });

  it('does not go back when one that is behind announces its master', async () => {
    const [behind, ahead] = [await fake(old, 3), await fake(master, 4)];
    const { gaps, publisher } = await bootSubscribed(optionsFor(behind, ahead));
    await eventually(() => expect(behind.subscriberCount).toBe(1));
    behind.announce();
    // With the next heartbeat it would be gone for the second time.
    await eventually(() => expect(behind.askedCount).toBeGreaterThan(8));
    expect(await publisher.publish('orders', 1)).toBe(1);
    expect(gaps.items).toEqual([]);
  });

  it('goes to a new master that nobody has announced, with the next heartbeat', async () => {
    const [one, other] = [await fake(old, 3), await fake(old, 3)];
    const { gaps, publisher } = await bootSubscribed(optionsFor(one, other));
    const changedAtMs = Date.now();
    other.belief = { masterPort: master.port, epoch: 4 };
    await eventually(async () => expect(await subscriberCount(master, 'orders')).toBe(1));
    await eventually(() => expect(gaps.items).toHaveLength(1));
    expect(gaps.items[0]!.fromMs).toBeLessThanOrEqual(changedAtMs);
    await eventually(async () => expect(await publisher.publish('orders', 1)).toBe(1));
    expect(await subscriberCount(old, 'orders')).toBe(0);
  });

  it('goes to a new master as soon as one announces it', async () => {
    const [one, other] = [await fake(old, 3), await fake(old, 3)];
    await bootSubscribed({ ...optionsFor(one, other), heartbeat: rare });
    await eventually(() => expect(other.subscriberCount).toBe(1));
    other.belief = { masterPort: master.port, epoch: 4 };
    other.announce();
    await eventually(async () => expect(await subscriberCount(master, 'orders')).toBe(1));
  });

  it('asks those that the others know, when the ones it was given have gone', async () => {
    const unknown = await fake(old, 3);
    const given = await fake(old, 3, [unknown.port]);
    await bootSubscribed({ ...optionsFor(given), heartbeat: rare });
    await eventually(() => expect(unknown.subscriberCount).toBe(1));
    given.stop();
    unknown.belief = { masterPort: master.port, epoch: 4 };
    unknown.announce();
    await eventually(async () => expect(await subscriberCount(master, 'orders')).toBe(1));
  });

  it('asks only those it was given with updateSentinels: false', async () => {
    const unknown = await fake(master, 4);
    const given = await fake(old, 3, [unknown.port]);
    await bootSubscribed({ ...optionsFor(given), updateSentinels: false });
    await eventually(() => expect(given.askedCount).toBeGreaterThan(4));
    expect(unknown.connectionCount).toBe(0);
  });

  it('lets go of those that have left', async () => {
    const left = await fake(old, 3);
    const given = await fake(old, 3, [left.port]);
    await bootSubscribed(optionsFor(given));
    await eventually(() => expect(left.subscriberCount).toBe(1));
    given.belief = { ...given.belief, others: [] };
    left.stop();
    await eventually(() => expect(left.connectionCount).toBe(0));
    const asked = given.askedCount;
    await eventually(() => expect(given.askedCount).toBeGreaterThan(asked + 4));

    await bootSubscribed(optionsFor(given, left));
    // Whoever still knows it comes back within a second, as the second application does, twice.
    for (const _round of [1, 2]) {
      const again = await FakeSentinel.start({ masterPort: old.port, epoch: 3 }, left.port);
      await eventually(() => expect(again.subscriberCount).toBe(1));
      await eventually(() => expect(again.connectionCount).toBe(2));
      again.stop();
      await eventually(() => expect(again.connectionCount).toBe(0));
    }
  });

  it('only asks, and listens to none, with failoverDetector: false', async () => {
    const sentinel = await fake(old, 3);
    await bootSubscribed({ ...optionsFor(sentinel), failoverDetector: false });
    expect(sentinel.connectionCount).toBe(1);
    sentinel.belief = { masterPort: master.port, epoch: 4 };
    await eventually(async () => expect(await subscriberCount(master, 'orders')).toBe(1));
    expect(sentinel.subscriberCount).toBe(0);
  });

  it('goes where natMap says', async () => {
    const sentinel = await fake(old, 3);
    const natMap = { [`127.0.0.1:${old.port}`]: { host: '127.0.0.1', port: master.port } };
    await bootSubscribed({ ...optionsFor(sentinel), natMap });
    expect(await subscriberCount(master, 'orders')).toBe(1);
  });

  it('goes there with TLS, if told to with enableTLSForSentinelMode', async () => {
    const authority = new CertificateAuthority();
    const secured = kept(await TlsRedis.start({ authority, asksClients: false }));
    const sentinel = kept(await FakeSentinel.start({ masterPort: secured.tlsPort, epoch: 3 }));
    const tls = { ca: authority.cert };
    await bootSubscribed({ ...optionsFor(sentinel), tls, enableTLSForSentinelMode: true });
    expect(await subscriberCount(secured.server, 'orders')).toBe(1);
  });

  it('waits until the server that they name is a master', async () => {
    await master.cli('REPLICAOF', '127.0.0.1', old.port);
    const sentinel = await fake(master, 3);
    const booting = boot(optionsFor(sentinel), 10_000);
    await eventually(async () =>
      expect(String(await master.cli('INFO', 'stats'))).toMatch(/connections_received:[1-9]\d/),
    );
    await master.cli('REPLICAOF', 'NO', 'ONE');
    const { publisher } = await booting;
    expect(await publisher.publish('orders', 1)).toBe(0);
  });
});

describe('when no sentinel helps', () => {
  let server: RedisServer;
  beforeEach(async () => {
    server = kept(await RedisServer.start());
  });

  const reasonAtBoot = (ports: readonly number[], sentinelPassword?: string) =>
    boot(
      { name: 'mymaster', sentinels: ports.map(onLoopback), ...(sentinelPassword && { sentinelPassword }) },
      500,
    ).then(
      () => 'none',
      (error: Error) => error.message,
    );
  const startLocked = async () =>
    kept(
      await RedisServer.start({
        config: `sentinel monitor mymaster 127.0.0.1 ${server.port} 1`,
        args: ['--sentinel'],
        password: 'c4n4ry',
      }),
    );

  it('says at boot which one says what', async () => {
    const { port } = kept(await RedisServer.start({ config: '', args: ['--sentinel'] }));
    const nobody = await freePort();
    const reason = await reasonAtBoot([port, nobody]);
    expect(reason).toContain('no sentinel names the master (');
    expect(reason).toContain(`127.0.0.1:${port}: ERR No such master with that name, see name; `);
    expect(reason).toMatch(new RegExp(`; 127.0.0.1:${nobody}: .*ECONNREFUSED`));
  });

  it.each([
    ['no password', undefined, 'NOAUTH Authentication required, see sentinelUsername and sentinelPassword'],
    ['a wrong password', 'wr0ng', 'WRONGPASS'],
  ])('says at boot that one was given %s, without repeating it', async (_what, password, reason) => {
    const { port } = await startLocked();
    const message = await reasonAtBoot([port], password);
    expect(message).toContain(`127.0.0.1:${port}: ${reason}`);
    expect(message).toContain('sentinelPassword');
    expect(message).not.toMatch(/c4n4ry|wr0ng/);
  });

  it('gives them their password', async () => {
    const { port } = await startLocked();
    const sentinelPassword = 'c4n4ry';
    const { publisher } = await boot({ name: 'mymaster', sentinels: [onLoopback(port)], sentinelPassword });
    expect(await publisher.publish('orders', 1)).toBe(0);
  });

  it('starts as soon as one comes up', async () => {
    const port = await freePort();
    const booting = boot({ name: 'mymaster', sentinels: [onLoopback(port)] }, 10_000);
    kept(await FakeSentinel.start({ masterPort: server.port, epoch: 0 }, port));
    await expect((await booting).publisher.publish('orders', 1)).resolves.toBe(0);
  });

  it('goes on with the master that it has', async () => {
    const sentinel = kept(await FakeSentinel.start({ masterPort: server.port, epoch: 0 }));
    const { publisher, status, gaps } = await boot({
      name: 'mymaster',
      sentinels: [onLoopback(sentinel.port)],
      heartbeat,
    });
    sentinel.stop();
    await server.cli('CONFIG', 'RESETSTAT');
    const beats = async () =>
      Number(/cmdstat_unsubscribe:calls=(\d+)/.exec(String(await server.cli('INFO', 'commandstats')))?.[1]);
    await eventually(async () => expect(await beats()).toBeGreaterThan(3));
    expect(status.current).toBe('ready');
    expect(gaps.items).toEqual([]);
    await server.cli('CLIENT', 'KILL', 'TYPE', 'normal');
    await eventually(() => expect(status.reason).toContain('no sentinel names the master'));
    await expect(publisher.publish('orders', 1)).rejects.toThrow(NotConnectedError);
    kept(await FakeSentinel.start({ masterPort: server.port, epoch: 0 }, sentinel.port));
    await status.whenReady();
  });

  it('ends while it looks for one', async () => {
    const port = await freePort();
    const options = { name: 'mymaster', sentinels: [onLoopback(port)] };
    const [ended, going] = [redis(options).create(muteListener), redis(options).create(muteListener)];
    const connecting = ended.connect().catch((error: { code: string }) => error.code);
    await eventually(() => expect(ended.state.reason).toContain('ECONNREFUSED'));
    await ended.close();
    expect(await connecting).toBe('EVENT_BUS_CLOSED');

    const connected = going.connect();
    closers.push(() => going.close());
    await eventually(() => expect(going.state.reason).toContain('ECONNREFUSED'));
    const late = kept(await FakeSentinel.start({ masterPort: server.port, epoch: 0 }, port));
    await connected;
    await eventually(() => expect(late.subscriberCount).toBe(1));
    // One asks and one listens; the other transport would have tried again before.
    expect(late.connectionCount).toBe(2);
  });
});
