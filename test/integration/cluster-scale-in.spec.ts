/** @needs-redis-7 a node of a Cluster cannot be told its bus port */
import { NotConnectedError, redisCluster } from 'nestjs-redis-event-bus';
import { ListenerRecord } from '../../libs/event-bus/src/conformance/listener.record.js';
import { publishOutcomes } from '../../libs/event-bus/src/conformance/publish.outcomes.js';
import type { EventTransport, PublishOutcome } from '../../libs/event-bus/src/transports/event.transport.js';
import { eventually } from '../support/eventually.js';
import { shardSubscriberCount, subscribedNode } from '../support/pubsub.probe.js';
import type { ClusterNode, RedisClusterOptions } from '../support/redis.cluster.js';
import { RedisCluster } from '../support/redis.cluster.js';
import { RedisServer } from '../support/redis.server.js';

const heartbeat = { intervalMs: 200, timeoutMs: 300 };
const LONG = { timeoutMs: 15_000 };
const ORDERS = { kind: 'channel', name: 'orders' } as const;

let closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const cluster = await RedisCluster.start({ args: ['--bind', '127.0.0.1', '127.0.0.2'], ...options });
  closers.push(() => cluster.stopAll());
  return cluster;
}

function open(...nodes: readonly string[]) {
  const record = new ListenerRecord();
  const transport = redisCluster({ nodes, heartbeat }).create(record);
  closers.push(() => transport.close());
  return { transport, record };
}

async function connect(...nodes: readonly string[]) {
  const connected = open(...nodes);
  await connected.transport.connect();
  return connected;
}

const portsOf = (transport: EventTransport) =>
  (transport.unwrap!() as { options: { port: number } }[]).map(({ options }) => options.port);
const homeOf = (transport: EventTransport) => portsOf(transport)[0];

async function publish(transport: EventTransport): Promise<PublishOutcome> {
  const [outcome] = await publishOutcomes(transport, [{ kind: 'channel', channel: ORDERS.name, body: 'x' }]);
  return outcome!;
}

/** Resolves when the node was asked so often for what it knows of the Cluster. */
async function asked(server: RedisServer, times: number): Promise<void> {
  await server.cli('CONFIG', 'RESETSTAT');
  await eventually(async () => {
    const stats = String(await server.cli('INFO', 'commandstats'));
    expect(Number(/cmdstat_cluster\|slots:calls=(\d+)/.exec(stats)?.[1] ?? 0)).toBeGreaterThanOrEqual(times);
  });
}

const isReady = (transport: EventTransport) =>
  eventually(() => expect(transport.state).toEqual({ status: 'ready' }), LONG);

/** Each announces 127.0.0.1. */
const LEAVING: readonly (readonly [
  string,
  string,
  (cluster: RedisCluster, node: ClusterNode) => Promise<unknown>,
])[] = [
  ['localhost', 'is forgotten and reset', (cluster, node) => cluster.remove(node)],
  ['127.0.0.2', 'is forgotten and reset to a new id', (cluster, node) => cluster.remove(node, 'HARD')],
  ['127.0.0.1', 'is forgotten', (cluster, node) => cluster.forget(node)],
  ['127.0.0.2', 'is forgotten', (cluster, node) => cluster.forget(node)],
  ['localhost', 'is reset', (_cluster, { server }) => server.cli('CLUSTER', 'RESET')],
];

describe('a Cluster that is scaled in', () => {
  it.each(LEAVING)(
    'is published to through another node when the one at %s %s',
    async (host, _how, leave) => {
      const cluster = await start({ masters: 3, replicasPerMaster: 1 });
      const [node] = await cluster.replicasOf((await cluster.masters())[0]!);
      const { transport } = await connect(`redis://${host}:${node!.server.port}`);
      expect(homeOf(transport)).toBe(node!.server.port);
      await leave(cluster, node!);
      await eventually(() => expect(homeOf(transport)).not.toBe(node!.server.port), LONG);
      await isReady(transport);
      expect(await publish(transport)).toEqual({ subscriptions: expect.any(Number) });
    },
  );

  it('is heard through another node when the slots of theirs have gone', async () => {
    const cluster = await start({ masters: 3, replicasPerMaster: 0 });
    const { transport, record } = await connect(...cluster.nodeUrls);
    await transport.subscribe([ORDERS, { kind: 'shard', name: 'orders' }]);
    const left = await subscribedNode(cluster, ORDERS.name);
    const heir = cluster.nodes.find((node) => node !== left)!;
    await cluster.drain(left, heir);
    await cluster.remove(left);
    await eventually(() => subscribedNode(cluster, ORDERS.name), LONG);
    await isReady(transport);
    const interruptions = record.calls.flatMap((call) =>
      call.call === 'resumed' ? [call.interruption] : [],
    );
    expect(interruptions.flatMap(({ targets }) => targets)).toContainEqual(ORDERS);
    const owner = await cluster.ownerOf('orders');
    // A node that was reset does not unsubscribe what came to it as a replica: the heartbeat finds out.
    await eventually(async () => expect(await shardSubscriberCount(owner.server, 'orders')).toBe(1), LONG);
    await eventually(() => expect(portsOf(transport)).not.toContain(left.server.port), LONG);
  });

  it('is not mixed up with another Cluster that a node of it joins', async () => {
    const [cluster, other] = await Promise.all([
      start({ masters: 3, replicasPerMaster: 1 }),
      start({ masters: 1, replicasPerMaster: 0 }),
    ]);
    const [node] = await cluster.replicasOf((await cluster.masters())[0]!);
    const { transport } = await connect(node!.server.url);
    await cluster.remove(node!);
    await other.adopt(node!);
    await eventually(() => expect(homeOf(transport)).not.toBe(node!.server.port), LONG);
    await isReady(transport);
    const members = [...cluster.nodes].map(({ server }) => server.port);
    expect(members).toEqual(expect.arrayContaining(portsOf(transport)));
  });

  it('may be one node that serves all slots, and stays', async () => {
    const cluster = await start({ masters: 1, replicasPerMaster: 0 });
    const [{ server }] = cluster.nodes as [ClusterNode];
    const { transport, record } = await connect(`redis://localhost:${server.port}`);
    await transport.subscribe([ORDERS]);
    await asked(server, 5);
    expect(await publish(transport)).toEqual({ subscriptions: 1 });
    expect(record.calls.filter(({ call }) => call === 'resumed')).toEqual([]);
    expect(record.calls.flatMap((call) => (call.call === 'state' ? [call.state.status] : []))).toEqual([
      'ready',
    ]);
  });

  it('is not begun with a node that is alone: nothing is published there until it serves slots', async () => {
    const server = await RedisServer.start({ args: ['--cluster-enabled', 'yes'] });
    closers.push(() => server.stop());
    const { transport } = open(server.url);
    const connected = transport.connect();
    await eventually(() =>
      expect(transport.state.reason).toContain(
        'is not part of a Cluster: it serves no slots and knows no other node',
      ),
    );
    expect(await publish(transport)).toEqual({ error: expect.any(NotConnectedError) });
    await server.cli('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
    await connected;
    await isReady(transport);
    expect(await publish(transport)).toEqual({ subscriptions: 0 });
  });
});
