/** @needs-redis-7 a node of a Cluster cannot be told its bus port */
import { jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import {
  InvalidTargetError,
  NotConnectedError,
  TransportRefusedError,
  cloudEvents,
  redisCluster,
} from 'nestjs-redis-event-bus';
import type { RedisClusterTransportOptions } from 'nestjs-redis-event-bus';
import { ListenerRecord } from '../../libs/event-bus/src/conformance/listener.record.js';
import { publishOutcomes } from '../../libs/event-bus/src/conformance/publish.outcomes.js';
import { keySlot } from '../../libs/event-bus/src/routing/key-slot.js';
import type {
  EventTransport,
  Interruption,
  PublishOutcome,
} from '../../libs/event-bus/src/transports/event.transport.js';
import { eventually } from '../support/eventually.js';
import { NumberedLoad } from '../support/numbered.load.js';
import type { Numbered, NumberedLoadOptions } from '../support/numbered.load.js';
import { shardSubscriberCount, subscribedNode } from '../support/pubsub.probe.js';
import type { ClusterNode } from '../support/redis.cluster.js';
import { RedisCluster } from '../support/redis.cluster.js';
import { RedisServer } from '../support/redis.server.js';
import type { StartedApp } from '../support/started.apps.js';
import { startedApps } from '../support/started.apps.js';

/** Set for each project in jest.config.mjs. */
declare const IOREDIS_MAJOR: number;

const heartbeat = { intervalMs: 200, timeoutMs: 300 };
const LONG = { timeoutMs: 15_000 };
/** In slots of all three masters. */
const CHANNELS = ['a', 'b', 'c', 'd', 'e', 'f'].map((tag) => `orders:{${tag}}:created`);
const SIGNALS = ['SIGKILL', 'SIGSTOP'] as const;

let cluster: RedisCluster;
let closers: (() => unknown)[] = [];
beforeAll(async () => {
  cluster = await RedisCluster.start();
}, 60_000);
afterAll(() => cluster.stopAll());
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Connected {
  readonly transport: EventTransport;
  readonly record: ListenerRecord;
}

function open(options: RedisClusterTransportOptions = { nodes: cluster.nodeUrls, heartbeat }): Connected {
  const record = new ListenerRecord();
  const factory = redisCluster(options);
  expect(factory.problems).toEqual([]);
  const transport = factory.create(record);
  closers.push(() => transport.close());
  return { transport, record };
}

async function connect(options?: RedisClusterTransportOptions): Promise<Connected> {
  const connected = open(options);
  await connected.transport.connect();
  return connected;
}

function resumedIn(record: ListenerRecord): readonly Interruption[] {
  return record.calls.flatMap((call) => (call.call === 'resumed' ? [call.interruption] : []));
}

async function send(transport: EventTransport, kind: 'channel' | 'shard', channel: string): Promise<void> {
  const [outcome] = await publishOutcomes(transport, [{ kind, channel, body: 'x' }]);
  expect(outcome).toEqual({ subscriptions: expect.any(Number) });
}

/** The first that is like that. One that is stopped would not answer. */
async function nodeWhere(
  holds: (node: ClusterNode) => Promise<boolean>,
  except?: ClusterNode,
): Promise<ClusterNode> {
  for (const node of cluster.nodes) if (node !== except && (await holds(node))) return node;
  throw new Error('No node is like that.');
}

const subscribedAt = (channel: string, except?: ClusterNode) => subscribedNode(cluster, channel, except);
const publishingAt = (except?: ClusterNode) =>
  nodeWhere(
    async ({ server }) => / cmd=(publish|eval) /.test(String(await server.cli('CLIENT', 'LIST'))),
    except,
  );
const shardCount = ({ server }: ClusterNode, channel: string) => shardSubscriberCount(server, channel);
const anotherMaster = async (owner: ClusterNode) => (await cluster.masters()).find((node) => node !== owner)!;

/** After the test somebody has taken its place, and it is back. */
async function kill(node: ClusterNode, signal: (typeof SIGNALS)[number]): Promise<void> {
  const isMaster = (await cluster.masters()).includes(node);
  closers.push(async () => {
    if (isMaster) await cluster.takenOver(node);
    if (signal === 'SIGSTOP') await cluster.kill(node, 'SIGCONT');
    else await cluster.restart(node);
  });
  await cluster.kill(node, signal);
}

/** Resolves with the gaps when they concern all of these. */
const told = ({ gaps }: StartedApp, channels: readonly string[]) =>
  eventually(() => {
    const targets = gaps.items.flatMap((gap) => gap.targets);
    expect(targets).toEqual(expect.arrayContaining([...channels]));
    return gaps.items;
  });

describe(`redisCluster() on ioredis ${IOREDIS_MAJOR}`, () => {
  it.each(['', 'a', '{42}', 'orders:{42}:created', '{}a', '{}{a}', 'a{b', '{{a}}', 'a}b{c}', 'ż✓😀', '\r\n'])(
    'takes %j for a name of the same slot as CLUSTER KEYSLOT does',
    async (name) => expect(keySlot(name)).toBe(await cluster.slotOf(name)),
  );

  it('needs no more than one node to find the Cluster, and says where it looked', async () => {
    const { transport } = await connect({ nodes: ['redis://127.0.0.1:1', cluster.nodeUrls[5]!] });
    expect(transport.state).toEqual({ status: 'ready' });
    expect(transport.address).toBe(`127.0.0.1:1, 127.0.0.1:${cluster.nodes[5]!.server.port}`);
  });

  it('reaches nodes where natMap says', async () => {
    const natMap = Object.fromEntries(
      cluster.nodes.map(({ server }) => [
        `127.0.0.1:${server.port}`,
        { host: 'localhost', port: server.port },
      ]),
    );
    const { transport } = await connect({ nodes: cluster.nodeUrls, natMap });
    await transport.subscribe(CHANNELS.map((name) => ({ kind: 'shard', name })));
    const clients = transport.unwrap!() as { options: { host: string } }[];
    expect(new Set(clients.slice(1).map(({ options }) => options.host))).toEqual(new Set(['localhost']));
  });

  it('tells of each connection to which node it leads, and how it is', async () => {
    const { transport } = await connect();
    await transport.subscribe([
      { kind: 'channel', name: 'orders' },
      { kind: 'shard', name: 'orders' },
      { kind: 'channel', name: '__keyevent@0__:expired' },
    ]);
    await send(transport, 'shard', 'orders');
    const links = await eventually(() => {
      const seen = transport.links?.() ?? [];
      for (const { roundTripMs } of seen) expect(roundTripMs).toBeGreaterThan(0);
      return seen;
    });
    const nodeOf = ({ server }: ClusterNode) => `127.0.0.1:${server.port}`;
    const owner = nodeOf(await cluster.ownerOf('orders'));
    expect(
      links.filter(({ role }) => role.startsWith('shard-')).map(({ role, node }) => [role, node]),
    ).toEqual([
      ['shard-publisher', owner],
      ['shard-subscriber', owner],
    ]);
    const masters = (await cluster.masters()).map(nodeOf);
    const keys = links.filter(({ role }) => role === 'key-event-subscriber');
    expect(keys.map(({ node }) => String(node)).toSorted()).toEqual(masters.toSorted());
    const nodes = cluster.nodes.map(nodeOf);
    for (const { node, isUp } of links) expect([nodes.includes(String(node)), isUp]).toEqual([true, true]);
    expect(links.slice(0, 2).map(({ role }) => role)).toEqual(['publisher', 'subscriber']);
    await expect(transport.ping?.()).resolves.toBeUndefined();
  });

  it('opens no more connections than it needs, and closes them with what they were for', async () => {
    const { transport } = await connect();
    const clients = () => transport.unwrap!() as unknown[];
    expect(clients()).toHaveLength(2);
    const targets = CHANNELS.map((name) => ({ kind: 'shard', name }) as const);
    await transport.subscribe(targets);
    expect(clients()).toHaveLength(5);
    await transport.unsubscribe(targets);
    expect(clients()).toHaveLength(2);
    // Those of one command were in one slot each time.
    for (const { server } of cluster.nodes) {
      expect(await server.cli('INFO', 'errorstats')).not.toContain('CROSSSLOT');
    }
  });

  it('runs as a user with exactly these permissions', async () => {
    const rules =
      'on >canary resetkeys ~claim:* resetchannels &orders:* -@all +ping +info +cluster|slots +cluster|info ' +
      '+publish +spublish +subscribe +psubscribe +ssubscribe +unsubscribe +punsubscribe +sunsubscribe +set +asking';
    for (const { server } of cluster.nodes) await server.cli('ACL', 'SETUSER', 'bus', ...rules.split(' '));
    const [first, ...others] = cluster.nodeUrls.map((url) => url.replace('//', '//bus:canary@'));
    const { transport, record } = await connect({ nodes: [first!, ...others], heartbeat });
    const targets = [
      { kind: 'channel', name: 'orders:x' },
      { kind: 'pattern', name: 'orders:*' },
      { kind: 'shard', name: CHANNELS[0]! },
    ] as const;
    expect(await transport.subscribe(targets)).toEqual(targets.map((target) => ({ target })));
    expect(await transport.claim!('claim:1', 1)).toBe(true);
    await send(transport, 'channel', 'orders:x');
    await send(transport, 'shard', CHANNELS[0]!);
    await record.until('all three', () => record.messages.length === 3);
    const [denied] = await transport.subscribe([{ kind: 'shard', name: 'secret' }]);
    expect(denied?.error?.message).toContain('NOPERM');
    expect(transport.state.status).toBe('degraded');
    expect(transport.address).not.toContain('canary');
  });

  it('is refused with a wrong password, which it does not repeat', async () => {
    const { transport } = open({ nodes: cluster.nodeUrls, username: 'nobody', password: 'canary' });
    const refusal = await transport.connect().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(TransportRefusedError);
    expect(String(refusal)).toContain('WRONGPASS');
    expect(JSON.stringify([refusal, String(refusal), transport.state])).not.toContain('canary');
  });

  it('says that a single server is none', async () => {
    const server = await RedisServer.start();
    closers.push(() => server.stop());
    const { transport } = open({ nodes: [server.url] });
    await expect(transport.connect()).rejects.toThrow('Use redis() instead of redisCluster()');
  });

  it('subscribes, publishes and claims where a slot has gone before it has read so', async () => {
    const name = 'claim:{moved}';
    const { transport, record } = await connect();
    const other = await connect();
    const owner = await cluster.ownerOf(name);
    // Its connections to the old owner are there already.
    await Promise.all([send(other.transport, 'shard', name), other.transport.claim!(name, 1)]);
    await cluster.migrateSlot(await cluster.slotOf(name), await anotherMaster(owner));
    const target = { kind: 'shard', name } as const;
    const [outcomes] = await Promise.all([
      transport.subscribe([target]),
      eventually(async () => expect(await other.transport.claim!(name, 60_000)).toBe(true)),
    ]);
    expect(outcomes).toEqual([{ target }]);
    await send(other.transport, 'shard', name);
    await record.until('the message', () => record.messages.length === 1);
    expect(resumedIn(record)).toEqual([]);
  });

  it('sends what is published together with one write to each node, whatever slots it is in', async () => {
    const { transport } = await connect();
    const shards = CHANNELS.map((channel) => ({ kind: 'shard', channel, body: 'x' }) as const);
    const accepted = CHANNELS.map(() => ({ subscriptions: expect.any(Number) }));
    // Opens the connections.
    expect(await publishOutcomes(transport, shards)).toEqual(accepted);
    const writes = (transport.unwrap!() as Redis[]).map(({ stream }) => jest.spyOn(stream, 'write'));
    expect(await publishOutcomes(transport, shards)).toEqual(accepted);
    const counts = writes.map(
      ({ mock }) => mock.calls.filter(([data]) => String(data).includes('spublish')).length,
    );
    const owners = await Promise.all(CHANNELS.map(async (channel) => (await cluster.ownerOf(channel)).id));
    expect(counts.filter((count) => count > 0)).toEqual([...new Set(owners)].map(() => 1));
  });

  it('sends batches to a slot that moves, in order, none lost and none twice', async () => {
    const name = CHANNELS[4]!;
    const [publisher, { transport, record }] = [await connect(), await connect()];
    await transport.subscribe([{ kind: 'shard', name }]);
    const slot = await cluster.slotOf(name);
    const [owner, to] = [await cluster.ownerOf(name), await anotherMaster(await cluster.ownerOf(name))];
    const batches: Promise<readonly PublishOutcome[]>[] = [];
    let sent = 0;
    const publish = (count: number) => {
      const bodies = Array.from({ length: count }, () => String((sent += 1)));
      batches.push(
        publishOutcomes(
          publisher.transport,
          bodies.map((body) => ({ kind: 'shard', channel: name, body }) as const),
        ),
      );
    };
    const load = setInterval(() => {
      publish(10);
      publish(1);
    }, 2);
    closers.push(() => clearInterval(load));
    await eventually(() => expect(batches.length).toBeGreaterThan(20));
    const id = String(await to.server.cli('CLUSTER', 'MYID'));
    await owner.server.cli('CLUSTER', 'SETSLOT', slot, 'MIGRATING', id);
    const before = batches.length;
    await eventually(() => expect(batches.length).toBeGreaterThan(before + 20));
    await cluster.migrateSlot(slot, to);
    await transport.subscribe([{ kind: 'shard', name }]);
    await eventually(async () => expect(await shardCount(to, name)).toBe(1));
    const after = batches.length;
    await eventually(() => expect(batches.length).toBeGreaterThan(after + 20));
    clearInterval(load);
    for (const outcomes of await Promise.all(batches)) {
      expect(outcomes).toEqual(outcomes.map(() => ({ subscriptions: expect.any(Number) })));
    }
    await record.until('the last', () => String(record.messages.at(-1)?.body) === String(sent));
    const received = record.messages.map(({ body }) => Number(body));
    expect(received).toEqual([...new Set(received)].toSorted((a, b) => a - b));
  });

  it('claims a key of a slot that is on its way to another node', async () => {
    const name = 'claim:{on its way}';
    const slot = await cluster.slotOf(name);
    const from = await cluster.ownerOf(name);
    const to = await anotherMaster(from);
    await to.server.cli('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id);
    await from.server.cli('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id);
    closers.push(() =>
      Promise.all([from, to].map(({ server }) => server.cli('CLUSTER', 'SETSLOT', slot, 'STABLE'))),
    );
    const { transport } = await connect();
    expect([await transport.claim!(name, 60_000), await transport.claim!(name, 60_000)]).toEqual([
      true,
      false,
    ]);
    closers.push(() => to.server.cli('DEL', name).catch(() => undefined));
  });

  it('rejects what it cannot send the moment a link ends, and opens the link again', async () => {
    const { transport } = await connect();
    await send(transport, 'shard', CHANNELS[0]!);
    const link = (transport.unwrap!() as Redis[]).at(-1)!;
    const outcome = new Promise((resolve) => {
      link.once('close', () =>
        resolve(publishOutcomes(transport, [{ kind: 'shard', channel: CHANNELS[0]!, body: 'x' }])),
      );
    });
    link.stream.destroy();
    expect(await outcome).toEqual([{ error: expect.any(NotConnectedError) }]);
    await eventually(() => send(transport, 'shard', CHANNELS[0]!));
  });

  it('settles what waits for the link to an owner when it is closed', async () => {
    const { transport } = await connect();
    const outcome = publishOutcomes(transport, [{ kind: 'shard', channel: CHANNELS[0]!, body: 'x' }]);
    const claimed = transport.claim!('waits', 1).catch((error: unknown) => error);
    await transport.close();
    expect(await outcome).toEqual([{ error: expect.any(NotConnectedError) }]);
    expect(await claimed).toBeInstanceOf(NotConnectedError);
  });

  it('adds up what all nodes know, and gives no number when one does not answer', async () => {
    const [channel, glob] = ['inspected:a', 'inspected:*'];
    const peers = await Promise.all(Array.from({ length: 5 }, () => connect()));
    for (const { transport } of peers) {
      await transport.subscribe([
        { kind: 'channel', name: channel },
        { kind: 'pattern', name: glob },
        { kind: 'shard', name: CHANNELS[0]! },
      ]);
    }
    const { transport } = peers[0]!;
    const patternCounts = await Promise.all(
      cluster.nodes.map(({ server }) => server.cli('PUBSUB', 'NUMPAT')),
    );
    expect(await transport.inspect!({ query: 'patternCount' })).toEqual({
      total: patternCounts.reduce((sum: number, count) => sum + Number(count), 0),
    });
    expect(await transport.inspect!({ query: 'channels', pattern: 'inspected:*' })).toEqual({
      channels: [channel],
    });
    const counts = await transport.inspect!({ query: 'subscriberCounts', channels: [channel, '__proto__'] });
    expect(counts.counts).toEqual(
      new Map([
        [channel, 5],
        ['__proto__', 0],
      ]),
    );
    expect(await transport.inspect!({ query: 'shardChannels' })).toEqual({ channels: [CHANNELS[0]] });
    const shards = await transport.inspect!({
      query: 'shardSubscriberCounts',
      channels: CHANNELS.slice(0, 2),
    });
    expect(shards.counts).toEqual(
      new Map([
        [CHANNELS[0], 5],
        [CHANNELS[1], 0],
      ]),
    );
    const [master] = await cluster.masters();
    await kill(master!, 'SIGKILL');
    await expect(transport.inspect!({ query: 'patternCount' })).rejects.toThrow(
      `the node 127.0.0.1:${master!.server.port} does not answer`,
    );
  });

  describe('under load', () => {
    const { start } = startedApps();
    const bus = () => ({
      transport: redisCluster({ nodes: cluster.nodeUrls, heartbeat }),
      codec: cloudEvents({ source: '/test' }),
    });

    /** One application publishes and another one listens, while something happens. */
    async function play(kind: NumberedLoadOptions['kind'], fault: () => Promise<unknown>) {
      const listening = await start({}, bus());
      const publishing = await start({}, bus());
      const load = new NumberedLoad(publishing.publisher, { kind, channels: CHANNELS });
      for (const channel of CHANNELS) {
        await listening.subscriber.subscribe<Numbered>(channel, load.hear, { kind });
      }
      load.start();
      closers.push(() => load.stop());
      await load.flows(LONG);
      await fault();
      await load.flows(LONG);
      await eventually(() => expect(listening.status.current).toBe('ready'), LONG);
      await load.stop();
      // What is missing is what the gaps say, nothing came twice, and nothing that was said not to be sent.
      await eventually(() => {
        const reported = listening.gaps.items.reduce((sum, { missed }) => sum + (missed ?? 0), 0);
        expect({ ...load.account, reported }).toEqual({
          ...load.account,
          reported: load.account.lost,
          isComplete: true,
          repeated: 0,
          heardThoughUnsent: 0,
          outOfOrder: 0,
        });
      });
      return listening;
    }

    it('follows a manual failover to the new owner', async () => {
      const channel = CHANNELS[0]!;
      const owner = await cluster.ownerOf(channel);
      const listening = await play('shard', async () => {
        const heir = await cluster.failover(owner);
        await eventually(async () => expect(await shardCount(heir, channel)).toBe(1), LONG);
      });
      await told(listening, [channel]);
      expect(await shardCount(owner, channel)).toBe(0);
    });

    it('follows a slot that migrates, and leaves all others alone', async () => {
      const channel = CHANNELS[0]!;
      const owner = await cluster.ownerOf(channel);
      const to = await anotherMaster(owner);
      const listening = await play('shard', async () =>
        cluster.migrateSlot(await cluster.slotOf(channel), to),
      );
      const gaps = await told(listening, [channel]);
      expect(gaps[0]).toMatchObject({ reason: 'subscription-lost', targets: [channel] });
      expect(new Set(gaps.flatMap(({ targets }) => targets))).toEqual(new Set([channel]));
      expect([await shardCount(to, channel), await shardCount(owner, channel)]).toEqual([1, 0]);
    });

    it.each(SIGNALS)('follows to the new owner when the old one gets %s', async (signal) => {
      const channel = CHANNELS[0]!;
      const owner = await cluster.ownerOf(channel);
      const listening = await play('shard', async () => {
        await kill(owner, signal);
        const heir = await cluster.takenOver(owner);
        await eventually(async () => expect(await shardCount(heir, channel)).toBe(1), LONG);
      });
      const [gap] = await told(listening, [channel]);
      expect(gap?.reason).toBe('connection-lost');
    });

    it.each(SIGNALS)('moves classic subscriptions to another node when theirs gets %s', async (signal) => {
      let node!: ClusterNode;
      const listening = await play('channel', async () => {
        node = await subscribedAt(CHANNELS[0]!);
        await kill(node, signal);
        await eventually(() => subscribedAt(CHANNELS[0]!, node), LONG);
      });
      await told(listening, CHANNELS);
    });

    it.each(SIGNALS)('goes on publishing through another node when that one gets %s', async (signal) => {
      let node!: ClusterNode;
      let next!: ClusterNode;
      await play('channel', async () => {
        node = await eventually(() => publishingAt(), LONG);
        await kill(node, signal);
        next = await eventually(() => publishingAt(node), LONG);
      });
      expect(next).not.toBe(node);
    });

    it('refuses a glob with the kind "shard" at boot', async () => {
      const { subscriber } = await start({}, bus());
      await expect(
        subscriber.subscribe('orders:*', () => undefined, { kind: 'shard' }),
      ).rejects.toBeInstanceOf(InvalidTargetError);
    });
  });
});
