/** @needs-redis-7 a node of a Cluster cannot be told its bus port */
import { randomUUID } from 'node:crypto';
import type { RedisClusterTransportOptions, RedisTransportOptions } from 'nestjs-redis-event-bus';
import { redis, redisCluster } from 'nestjs-redis-event-bus';
import { CertificateAuthority } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import { RedisCluster } from '../support/redis.cluster.js';
import { RedisSentinels } from '../support/redis.sentinels.js';
import type { RedisServer } from '../support/redis.server.js';
import type { BusOptions, StartedApp } from '../support/started.apps.js';
import { startedApps } from '../support/started.apps.js';

const authority = new CertificateAuthority();
const tls = { ca: authority.cert };
const wrong = { ca: new CertificateAuthority('Another CA').cert };
const heartbeat = { intervalMs: 250, timeoutMs: 1_000 };
const { start } = startedApps();

const SHARD_CHANNELS = ['a', 'b', 'c', 'd'].map((tag) => `orders:{${tag}}:created`);

/** What is published to a channel, and to shard channels at all masters, comes back once. */
async function hears(options: BusOptions): Promise<{ app: StartedApp; expectExchange: () => Promise<void> }> {
  const app = await start({}, options);
  const heard = new Inbox<string>();
  const push = (payload: unknown) => heard.push(payload as string);
  await app.subscriber.subscribe('orders:*', push);
  await app.subscriber.subscribe(SHARD_CHANNELS, push, { kind: 'shard' });
  const expectExchange = async () => {
    const round = randomUUID();
    await app.publisher.publish('orders:created', `${round} classic`);
    for (const channel of SHARD_CHANNELS) {
      await app.publisher.publish(channel, `${round} ${channel}`, { kind: 'shard' });
    }
    const sent = ['classic', ...SHARD_CHANNELS].map((name) => `${round} ${name}`);
    await eventually(() => {
      const received = heard.items.filter((payload) => payload.startsWith(round));
      expect(received.toSorted()).toEqual(sent.toSorted());
    });
  };
  return { app, expectExchange };
}

/** Each connection of the bus is lost. Resolves when it is whole again. */
async function cutOff({ status, publisher }: StartedApp, servers: readonly RedisServer[]): Promise<void> {
  const degraded = new Promise<void>((resolve) => {
    status.changes.subscribe((state) => state === 'degraded' && resolve());
  });
  for (const server of servers) {
    for (const type of ['pubsub', 'normal']) await server.cli('CLIENT', 'KILL', 'TYPE', type);
  }
  await degraded;
  await status.whenReady();
  await eventually(async () => {
    for (const channel of SHARD_CHANNELS) await publisher.publish(channel, 'first', { kind: 'shard' });
  });
}

/** What the start fails with. */
async function failureOf(transport: BusOptions['transport'], timeoutMs = 3_000): Promise<string> {
  const failure = await start({}, { transport, startup: { timeoutMs } }).catch((error: Error) => error);
  return failure instanceof Error ? failure.message : 'It started.';
}

describe('a Cluster that speaks TLS alone', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ replicasPerMaster: 0, authority });
  }, 60_000);
  afterAll(() => cluster.stopAll());

  const road = (options: Partial<RedisClusterTransportOptions>) =>
    redisCluster({
      nodes: cluster.nodeUrls.slice(0, 1),
      heartbeat,
      ...options,
    } as RedisClusterTransportOptions);

  it('carries what is published on channels and shard channels, also after every connection was lost', async () => {
    const { app, expectExchange } = await hears({ transport: road({ tls }) });
    await expectExchange();
    await cutOff(
      app,
      cluster.nodes.map(({ server }) => server),
    );
    await expectExchange();
  });

  it('fails the start with another CA, and says why', async () => {
    const message = await failureOf(road({ tls: wrong }));
    expect(message).toMatch(/self-signed certificate in certificate chain.*tls: \{ ca \}/);
  });

  it('fails the start of a plain connection, and says what to write', async () => {
    const nodes = cluster.nodeUrls.map((url) => url.replace('rediss:', 'redis:'));
    expect(await failureOf(road({ nodes }))).toContain('write rediss:// instead of redis://');
  });
});

describe('a master and its Sentinels that speak TLS alone', () => {
  let sentinels: RedisSentinels;
  beforeAll(async () => {
    sentinels = await RedisSentinels.start({ authority });
  }, 60_000);
  afterAll(() => sentinels.stop());

  const overTls = { tls, sentinelTLS: tls, enableTLSForSentinelMode: true };
  const road = (options: Partial<RedisTransportOptions>) =>
    redis({ ...sentinels.redisOptions, heartbeat, ...options } as RedisTransportOptions);

  it('carry what is published on channels and shard channels, also after every connection was lost', async () => {
    const { app, expectExchange } = await hears({ transport: road(overTls) });
    await expectExchange();
    await cutOff(app, [await sentinels.master()]);
    await expectExchange();
  });

  it('fail the start with another CA for the master, and say why', async () => {
    const message = await failureOf(road({ ...overTls, tls: wrong }));
    expect(message).toMatch(/self-signed certificate in certificate chain.* tls: \{ ca \}/);
  });

  it('fail the start with another CA for the Sentinels, and say why', async () => {
    // A handshake may take longer than a Sentinel is given by default while other specs run.
    const patient = { sentinelCommandTimeout: 6_000 };
    const message = await failureOf(road({ ...overTls, ...patient, sentinelTLS: wrong }), 8_000);
    expect(message).toMatch(/: self-signed certificate in certificate chain, see sentinelTLS/);
  });

  it('fail the start when they are asked without TLS, and say what to write', async () => {
    expect(await failureOf(road({ tls, enableTLSForSentinelMode: true }))).toContain(
      'see sentinelTLS if it speaks TLS',
    );
  });
});
