import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import { targetKey } from '../../routing/subscription-target.js';
import type { SubscribeOutcome, SubscriptionInfo, TransportListener } from '../event.transport.js';
import type { RedisConnection } from '../redis/redis.connection.js';
import { RedisSubscriber } from '../redis/redis.subscriber.js';
import type { ClusterTopology } from './cluster.topology.js';
import { KeyspaceSubscriber } from './keyspace.subscriber.js';
import { KeyspaceNode } from './keyspace.node.js';
import type { ClusterSettings } from './redis-cluster.options.js';
import { ShardSubscriber } from './shard.subscriber.js';
import { SubscribedNode } from './subscribed.node.js';
import type { SubscribedNodeEvents } from './subscribed.node.js';

/** Places each subscription where it belongs: at the owner of its slot, at every master, or at any node. */
export class ClusterSubscriptions {
  /** Messages that every node forwards, on a connection that the owner of this object holds. */
  readonly plain: RedisSubscriber;
  private readonly shards: ShardSubscriber<SubscribedNode>;
  /** Key events, which each master publishes for its own keys. */
  private readonly keys: KeyspaceSubscriber;

  constructor(
    settings: ClusterSettings,
    topology: ClusterTopology,
    link: RedisConnection,
    listener: TransportListener,
    private readonly events: SubscribedNodeEvents,
  ) {
    this.plain = new RedisSubscriber(link, listener, () => events.changed());
    this.keys = new KeyspaceSubscriber(
      topology,
      listener,
      events,
      (master, to, isAwaited) => new KeyspaceNode(settings, master, to, events, isAwaited),
    );
    this.shards = new ShardSubscriber(
      topology,
      events,
      (owner, routing, lost) => new SubscribedNode(settings, owner, listener, { ...events, lost }, routing),
    );
  }

  /** What is missing, in words. Undefined when everything that was answered once is confirmed now. */
  get shortage(): string | undefined {
    return this.parts.find((part) => !part.isFullySubscribed)?.reason;
  }

  /** A subscription waits for the Cluster to name another owner. */
  get isUrgent(): boolean {
    return this.shards.isUrgent;
  }

  /** The connections to the owners of slots. */
  get shardConnections(): readonly RedisConnection[] {
    return this.shards.connections;
  }

  /** The connections to the masters whose key events are subscribed. */
  get keyConnections(): KeyspaceSubscriber['connections'] {
    return this.keys.connections;
  }

  async subscribe(targets: readonly SubscriptionTarget[]): Promise<readonly SubscribeOutcome[]> {
    const groups = await Promise.all(this.parts.map((part) => part.subscribe(this.ofPart(part, targets))));
    const outcomes = new Map(groups.flat().map((outcome) => [targetKey(outcome.target), outcome]));
    return targets.map((target) => outcomes.get(targetKey(target)) as SubscribeOutcome);
  }

  async unsubscribe(targets: readonly SubscriptionTarget[]): Promise<void> {
    await Promise.all(this.parts.map((part) => part.unsubscribe(this.ofPart(part, targets))));
    this.events.changed();
  }

  subscriptions(): readonly SubscriptionInfo[] {
    return this.parts.flatMap((part) => part.subscriptions());
  }

  /** The topology was read. */
  follow(): void {
    this.shards.follow();
    this.keys.follow();
  }

  async close(): Promise<void> {
    this.plain.close();
    await Promise.all([this.shards.close(), this.keys.close()]);
  }

  private get parts(): readonly ClusterPart[] {
    return [this.plain, this.shards, this.keys];
  }

  private ofPart(part: ClusterPart, targets: readonly SubscriptionTarget[]): readonly SubscriptionTarget[] {
    return targets.filter(({ kind, name }) => {
      if (kind === 'shard') return part === this.shards;
      return part === (name.startsWith('__key') ? this.keys : this.plain);
    });
  }
}

type ClusterPart = RedisSubscriber | ShardSubscriber<SubscribedNode> | KeyspaceSubscriber;
