import { FakeConnection } from '../../../../../test/support/fake.connection.js';
import { eventually } from '../../../../../test/support/eventually.js';
import { keySlot } from '../../routing/key-slot.js';
import type { SubscriptionTarget } from '../event.transport.js';
import { RedisSubscriber } from '../redis/redis.subscriber.js';
import type { ShardRouting } from '../redis/shard.routing.js';
import type { NodeAddress } from './cluster.node.js';
import { nodeKey } from './cluster.node.js';
import type { OpenedNode } from './shard.node.js';
import { ShardSubscriber } from './shard.subscriber.js';

const [A, B] = [
  { host: 'h', port: 1 },
  { host: 'h', port: 2 },
];
const S: SubscriptionTarget = { kind: 'shard', name: 's' };

/** A node with a real subscriber, whose server answers when the test says so. */
class FakeNode implements OpenedNode {
  readonly key: string;
  readonly connection = new FakeConnection();
  readonly subscriber: RedisSubscriber;
  isClosed = false;

  constructor(
    readonly address: NodeAddress,
    routing: ShardRouting,
    readonly lost: () => void,
    calls: string[],
    changed: () => void,
  ) {
    this.key = nodeKey(address);
    const listener = {
      message: () => undefined,
      confirmed: () => void calls.push(`confirmed at ${address.port}`),
      released: () => void calls.push(`released at ${address.port}`),
      denied: () => undefined,
      resumed: () => void calls.push('resumed'),
    };
    this.subscriber = new RedisSubscriber(this.connection, listener, changed, routing);
  }

  get isFullySubscribed(): boolean {
    return this.subscriber.isFullySubscribed;
  }

  get reason(): string {
    return this.subscriber.reason;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.subscriber.close();
  }
}

describe('ShardSubscriber', () => {
  let owner: NodeAddress | undefined;
  let replicas: NodeAddress[];
  let learnt: string[];
  let nodes: FakeNode[];
  let calls: string[];
  let changes: number;
  let shards: ShardSubscriber<FakeNode>;
  beforeEach(() => {
    owner = A;
    replicas = [];
    learnt = [];
    nodes = [];
    calls = [];
    changes = 0;
    const topology = {
      ownerOf: () => owner,
      isReplica: (node: NodeAddress) => replicas.includes(node),
      learn: (refusal: string) => void learnt.push(refusal),
      unlearn: ({ port }: NodeAddress) => void learnt.push(`unlearnt ${port}`),
      refresh: async () => undefined,
    };
    const changed = () => void (changes += 1);
    shards = new ShardSubscriber(topology, { changed }, (address, routing, lost) => {
      const node = new FakeNode(address, routing, lost, calls, changed);
      nodes.push(node);
      return node;
    });
  });
  afterEach(() => shards.close());

  async function subscribeAtA(): Promise<FakeNode> {
    const subscribed = shards.subscribe([S]);
    nodes[0]!.connection.next().confirm();
    expect(await subscribed).toEqual([{ target: S }]);
    return nodes[0]!;
  }

  it('subscribes at the owner of the slot, on one connection for all that it serves', async () => {
    const node = await subscribeAtA();
    void shards.subscribe([{ kind: 'shard', name: 'other' }]);
    expect(node.connection.next().command).toBe('ssubscribe other');
    expect([nodes.length, shards.isUrgent]).toEqual([1, false]);
    expect(shards.connections).toEqual([node.connection]);
  });

  it('closes a connection that nothing is left on', async () => {
    const node = await subscribeAtA();
    const unsubscribed = shards.unsubscribe([S]);
    node.connection.next().confirm();
    await unsubscribed;
    expect(node.isClosed).toBe(true);
    expect(shards.subscriptions()).toEqual([]);
  });

  it('waits for an owner when nobody serves the slot, and is urgent until then', async () => {
    owner = undefined;
    const subscribed = shards.subscribe([S]);
    expect([nodes.length, shards.isUrgent]).toEqual([0, true]);
    expect(shards.subscriptions()).toEqual([{ target: S, state: 'wanted' }]);
    owner = B;
    shards.follow();
    expect(shards.isUrgent).toBe(false);
    nodes[0]!.connection.next().confirm();
    expect(await subscribed).toEqual([{ target: S }]);
  });

  it('answers who waits for an owner when it is unsubscribed, and when it is closed', async () => {
    owner = undefined;
    const first = shards.subscribe([S]);
    await shards.unsubscribe([S]);
    expect(await first).toMatchObject([{ error: { message: 'it was unsubscribed meanwhile' } }]);
    const second = shards.subscribe([S]);
    await shards.close();
    expect(await second).toMatchObject([{ error: { code: 'EVENT_BUS_CLOSED' } }]);
  });

  it('moves to the new owner at once when the link to the old one is gone', async () => {
    const node = await subscribeAtA();
    node.connection.die(node.subscriber);
    node.lost();
    expect(learnt).toEqual(['unlearnt 1']);
    expect(shards.isUrgent).toBe(true);
    owner = B;
    shards.follow();
    expect(node.isClosed).toBe(true);
    expect(shards.isFullySubscribed).toBe(false);
    nodes[1]!.connection.next().confirm();
    expect(shards.isFullySubscribed).toBe(true);
    expect(calls).toEqual(['confirmed at 1', 'released at 1', 'confirmed at 2', 'resumed']);
  });

  it('stays with an owner that delivers, whatever others say, until the node lets go of it', async () => {
    const node = await subscribeAtA();
    owner = B;
    shards.follow();
    expect(nodes).toHaveLength(1);
    node.subscriber.unsubscribedByServer('s');
    await eventually(() => expect(nodes).toHaveLength(2));
    nodes[1]!.connection.next().confirm();
    expect(calls).toEqual(['confirmed at 1', 'released at 1', 'confirmed at 2', 'resumed']);
  });

  it('learns where a slot has gone from a refusal', async () => {
    const subscribed = shards.subscribe([S]);
    owner = B;
    nodes[0]!.connection.next().refuse(`MOVED ${keySlot('s')} h:2`);
    await eventually(() => expect(nodes).toHaveLength(2));
    expect(learnt).toEqual([`MOVED ${keySlot('s')} h:2`]);
    nodes[1]!.connection.next().confirm();
    expect(await subscribed).toEqual([{ target: S }]);
    expect(nodes[0]!.isClosed).toBe(true);
  });

  it('pauses on the way from a demoted master, and asks for nothing that is unsubscribed meanwhile', async () => {
    const node = await subscribeAtA();
    owner = B;
    replicas = [A];
    shards.follow();
    expect(shards.subscriptions()).toEqual([{ target: S, state: 'lost' }]);
    expect([nodes.length, shards.reason]).toEqual([1, 'some shard channels are moving to another node']);
    const other: SubscriptionTarget = { kind: 'shard', name: 'other' };
    owner = A;
    replicas = [];
    void shards.subscribe([other]);
    await shards.unsubscribe([S]);
    // It tells when the pause is over.
    const before = changes;
    await eventually(() => expect(changes).toBeGreaterThan(before));
    expect(shards.subscriptions()).toEqual([{ target: other, state: 'pending' }]);
    expect(node.isClosed).toBe(true);
  });
});
