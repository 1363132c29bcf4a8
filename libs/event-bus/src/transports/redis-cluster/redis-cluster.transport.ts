import type { Redis } from 'ioredis';
import { BusClosedError } from '../../errors.js';
import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import { targetKey } from '../../routing/subscription-target.js';
import type {
  EventTransport,
  InspectionQuery,
  InspectionResult,
  OutgoingMessage,
  PublishBatching,
  PublishOutcome,
  SettledListener,
  SubscribeOutcome,
  SubscriptionInfo,
  TransportFactory,
  TransportListener,
  TransportState,
} from '../event.transport.js';
import { GuardedListener } from '../guarded.listener.js';
import { LinkState } from '../link.state.js';
import { blockedWarning } from '../redis/blocked.loop.js';
import { RedisPublisher } from '../redis/redis.publisher.js';
import { RedisSubscriber } from '../redis/redis.subscriber.js';
import { gatherOutcomes } from '../settled.messages.js';
import { ClusterKeyspace } from './cluster.keyspace.js';
import { inspectCluster } from './cluster.inspection.js';
import { nodeKey } from './cluster.node.js';
import { ClusterLinks } from './cluster.links.js';
import { ClusterTopology } from './cluster.topology.js';
import { OwnerLinks } from './owner.links.js';
import { KeyspaceSubscriber } from './keyspace.subscriber.js';
import { MembershipWatch } from './membership.watch.js';
import { clusterSettings, redisClusterProblems } from './redis-cluster.options.js';
import type { ClusterSettings, RedisClusterTransportOptions } from './redis-cluster.options.js';
import { RoamingConnection } from './roaming.connection.js';
import { ShardSubscriber } from './shard.subscriber.js';
import { SlotPublisher } from './slot.publisher.js';

/**
 * Events travel through a Redis Cluster. Channels and patterns use two connections, each to some node; shard
 * channels one to each master that serves some of them.
 */
export function redisCluster(options: RedisClusterTransportOptions): TransportFactory {
  return {
    name: 'redis-cluster',
    problems: redisClusterProblems(options),
    create: (listener) => new RedisClusterTransport(options, listener),
  };
}

/** Redis pub/sub on a Cluster: PUBLISH reaches every node, SPUBLISH the nodes of one slot. */
class RedisClusterTransport implements EventTransport {
  readonly name = 'redis-cluster';
  readonly addressOption: string;
  readonly capabilities = { shard: true };

  private readonly settings: ClusterSettings;
  private readonly topology: ClusterTopology;
  /** Publishes, and is asked for the topology: one connection, so that a publisher's events keep their order. */
  private readonly home: RoamingConnection;
  private readonly publisher: RedisPublisher;
  private readonly owners: OwnerLinks;
  private readonly slotPublisher: SlotPublisher;
  private readonly subscriberLink: RoamingConnection;
  private readonly subscriber: RedisSubscriber;
  private readonly shards: ShardSubscriber;
  private readonly membership: MembershipWatch;
  readonly keyspace: ClusterKeyspace;
  private readonly keyspaceSubscriber: KeyspaceSubscriber;
  private isSubscriberStarted = false;
  private readonly links: LinkState;
  private closing: Promise<void> | undefined;

  constructor(
    options: RedisClusterTransportOptions,
    owner: TransportListener,
  ) {
    const listener = new GuardedListener(owner);
    const settings = clusterSettings(options);
    this.addressOption = options.client === undefined ? 'nodes' : 'client';
    this.settings = settings;
    this.topology = new ClusterTopology(settings, () => this.home.link, {
      read: () => this.followTopology(),
      strayed: (reason) => this.home.leave(reason),
      refused: (error) => this.failed(error),
    });
    const sendable = () => listener.sendable();
    const error = (failure: Error) => this.failed(failure);
    const changed = () => this.update();
    this.home = new RoamingConnection(settings, this.topology, {
      up: () => {
        void this.topology.refresh();
        this.update();
        sendable();
      },
      down: (reason) => {
        this.links.lost(reason);
        this.update();
      },
      error,
    });
    this.subscriberLink = new RoamingConnection(settings, this.topology, {
      up: () => this.subscriber.resume(),
      down: (reason) => {
        this.links.lost(reason);
        this.subscriber.suspend();
      },
      error,
      ping: () => this.subscriber.ping(),
      // The only one that is always there: the others would report the same loop.
      blocked: (blockedMs) => listener.warned(blockedWarning(blockedMs)),
    });
    this.membership = new MembershipWatch(settings, this.topology, this.home, this.subscriberLink);
    this.publisher = new RedisPublisher(this.home.link, sendable);
    this.owners = new OwnerLinks(settings, this.topology, { sendable, error });
    this.slotPublisher = new SlotPublisher(this.owners, this.topology);
    this.subscriber = new RedisSubscriber(this.subscriberLink.link, listener, changed);
    this.keyspace = new ClusterKeyspace(settings, this.topology);
    this.keyspaceSubscriber = new KeyspaceSubscriber(settings, this.topology, listener, { changed, error });
    this.shards = new ShardSubscriber(settings, this.topology, listener, { changed, error });
    const links = new ClusterLinks(this.address, {
      publisher: this.home.link,
      subscriber: this.subscriberLink.link,
      shortage: () => this.shortage,
    });
    this.links = new LinkState(links, listener);
  }

  get address(): string {
    return this.settings.seeds.map(nodeKey).join(', ');
  }

  get state(): TransportState {
    return this.links.current;
  }

  connect(): Promise<void> {
    if (this.closing !== undefined) return Promise.reject(new BusClosedError());
    const linked = this.links.nextLink();
    this.home.link.start();
    this.update();
    return linked;
  }

  /** As far as any of the nodes has answered. */
  get batching(): PublishBatching {
    const answers = [this.publisher, ...this.owners.publishers].map(({ batching }) => batching);
    if (answers.includes('pipeline')) return 'pipeline';
    return answers.includes('script') ? 'script' : 'undecided';
  }

  publish(
    messages: readonly OutgoingMessage[],
    settled?: SettledListener,
  ): Promise<readonly PublishOutcome[]> {
    if (this.closing !== undefined) {
      return Promise.resolve(messages.map(() => ({ error: new BusClosedError() })));
    }
    return gatherOutcomes(messages.length, settled, (settle) => {
      for (const [kind, publisher] of [
        ['channel', this.publisher],
        ['shard', this.slotPublisher],
      ] as const) {
        const indices = [...messages.keys()].filter((index) => messages[index]?.kind === kind);
        const those = indices.map((index) => messages[index] as OutgoingMessage);
        publisher.publish(those, (position, outcome) => settle(indices[position] as number, outcome));
      }
    });
  }

  async subscribe(targets: readonly SubscriptionTarget[]): Promise<readonly SubscribeOutcome[]> {
    if (this.closing !== undefined) return targets.map((target) => ({ target, error: new BusClosedError() }));
    const groups = await Promise.all([
      this.shards.subscribe(targets.filter(isShard)),
      this.keyspaceSubscriber.subscribe(targets.filter(isOfKeys)),
      this.subscriber.subscribe(targets.filter(isOfAnyNode)),
    ]);
    const outcomes = new Map(groups.flat().map((outcome) => [targetKey(outcome.target), outcome]));
    return targets.map((target) => outcomes.get(targetKey(target)) as SubscribeOutcome);
  }

  async unsubscribe(targets: readonly SubscriptionTarget[]): Promise<void> {
    if (this.closing !== undefined) return;
    await Promise.all([
      this.shards.unsubscribe(targets.filter(isShard)),
      this.keyspaceSubscriber.unsubscribe(targets.filter(isOfKeys)),
      this.subscriber.unsubscribe(targets.filter(isOfAnyNode)),
    ]);
    this.update();
  }

  subscriptions(): readonly SubscriptionInfo[] {
    return this.parts.flatMap((part) => [...part.subscriptions()]);
  }

  async inspect(query: InspectionQuery): Promise<InspectionResult> {
    if (this.closing !== undefined) throw new BusClosedError();
    return inspectCluster(this.settings, this.topology, query);
  }

  async claim(key: string, ttlMs: number): Promise<boolean> {
    if (this.closing !== undefined) throw new BusClosedError();
    return this.slotPublisher.claim(key, ttlMs);
  }

  /** The ioredis clients: the one that publishes, the one that subscribes, then those of the masters. */
  unwrap(): Redis[] {
    const links = [this.home.link, this.subscriberLink.link, ...this.shards.connections, ...this.owners.all];
    return links.map(({ redis }) => redis);
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  /** What holds subscriptions. */
  private get parts(): readonly (RedisSubscriber | ShardSubscriber | KeyspaceSubscriber)[] {
    return [this.subscriber, this.shards, this.keyspaceSubscriber];
  }

  private async end(): Promise<void> {
    this.links.closing();
    this.topology.close();
    this.subscriber.close();
    await Promise.all([
      this.shards.close(),
      this.keyspaceSubscriber.close(),
      this.owners.close(),
      this.membership.close(),
      this.subscriberLink.link.close({ graceful: false }),
      this.home.link.close({ graceful: true }),
    ]);
    this.links.closed();
  }

  private followTopology(): void {
    if (this.closing !== undefined) return;
    if (!this.isSubscriberStarted) {
      this.isSubscriberStarted = true;
      this.subscriberLink.link.start();
    }
    if (this.topology.map !== undefined) this.membership.follow(this.topology.map);
    this.owners.prune();
    this.shards.follow();
    this.keyspaceSubscriber.follow();
    this.update();
  }

  private failed(error: Error): void {
    this.links.failed(error);
    this.update();
  }

  private update(): void {
    this.topology.urgent = this.topology.isKnown && (!this.links.areUp || this.shards.isUrgent);
    this.links.update();
  }

  /** What is missing although the links are up. */
  private get shortage(): string | undefined {
    const broken = this.parts.find((part) => !part.isWhole);
    if (broken !== undefined) return broken.reason;
    return this.topology.isDown
      ? 'the Cluster is down (cluster_state:fail): some slots have no master'
      : undefined;
  }
}

function isShard({ kind }: SubscriptionTarget): boolean {
  return kind === 'shard';
}

/** What each master says of its own keys. */
function isOfKeys({ kind, name }: SubscriptionTarget): boolean {
  return kind !== 'shard' && name.startsWith('__key');
}

/** What every node passes on. */
function isOfAnyNode(target: SubscriptionTarget): boolean {
  return !isShard(target) && !isOfKeys(target);
}
