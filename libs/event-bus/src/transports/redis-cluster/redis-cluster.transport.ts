import type { Redis } from 'ioredis';
import { BusClosedError } from '../../errors.js';
import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import type {
  AllFacets,
  EventTransport,
  InspectionQuery,
  InspectionResult,
  OutgoingMessage,
  PublishBatching,
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
import type { RedisConnectionListener } from '../redis/connection.listener.js';
import { RedisPublisher } from '../redis/redis.publisher.js';
import { settleAll } from '../settled.messages.js';
import { ClusterKeyspace } from './cluster.keyspace.js';
import { inspectCluster } from './cluster.inspection.js';
import { nodeKey } from './cluster.node.js';
import { ClusterLinks } from './cluster.links.js';
import { ClusterSubscriptions } from './cluster.subscriptions.js';
import { ClusterTopology } from './cluster.topology.js';
import { OwnerLinks } from './owner.links.js';
import { MembershipWatch } from './membership.watch.js';
import { clusterSettings, redisClusterProblems } from './redis-cluster.options.js';
import type { ClusterSettings, RedisClusterTransportOptions } from './redis-cluster.options.js';
import { RoamingConnection } from './roaming.connection.js';
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
class RedisClusterTransport implements EventTransport, AllFacets {
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
  private readonly held: ClusterSubscriptions;
  private readonly membership: MembershipWatch;
  readonly keyspace: ClusterKeyspace;
  /** A Cluster has no other. */
  readonly database = 0;
  private isSubscriberStarted = false;
  private readonly links: LinkState;
  private closing: Promise<void> | undefined;

  constructor(options: RedisClusterTransportOptions, owner: TransportListener) {
    const listener = new GuardedListener(owner);
    const settings = clusterSettings(options);
    this.addressOption = options.client === undefined ? 'nodes' : 'client';
    this.settings = settings;
    this.topology = new ClusterTopology(settings, () => this.home.link, {
      read: () => this.followTopology(),
      strayed: (reason) => this.home.leave(reason),
      refused: (error) => this.failed(error),
    });
    const writable = () => listener.writable();
    const events = { error: (error: Error) => this.failed(error), changed: () => this.update() };
    this.home = new RoamingConnection(settings, this.topology, this.publishing(writable));
    this.subscriberLink = new RoamingConnection(settings, this.topology, this.subscribing(listener));
    this.membership = new MembershipWatch(settings, this.topology, this.home, this.subscriberLink);
    this.publisher = new RedisPublisher(this.home.link, writable);
    this.owners = new OwnerLinks(settings, this.topology, { writable, error: events.error });
    this.slotPublisher = new SlotPublisher(this.owners, this.topology);
    this.held = new ClusterSubscriptions(settings, this.topology, this.subscriberLink.link, listener, events);
    this.keyspace = new ClusterKeyspace(settings, this.topology);
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

  publish(messages: readonly OutgoingMessage[], settled: SettledListener): void {
    if (this.closing !== undefined) return settleAll(messages, settled, () => new BusClosedError());
    for (const [kind, publisher] of [
      ['channel', this.publisher],
      ['shard', this.slotPublisher],
    ] as const) {
      const indices = [...messages.keys()].filter((index) => messages[index]?.kind === kind);
      const those = indices.map((index) => messages[index] as OutgoingMessage);
      publisher.publish(those, (position, outcome) => settled(indices[position] as number, outcome));
    }
  }

  async subscribe(targets: readonly SubscriptionTarget[]): Promise<readonly SubscribeOutcome[]> {
    if (this.closing !== undefined) return targets.map((target) => ({ target, error: new BusClosedError() }));
    return this.held.subscribe(targets);
  }

  async unsubscribe(targets: readonly SubscriptionTarget[]): Promise<void> {
    if (this.closing !== undefined) return;
    await this.held.unsubscribe(targets);
    this.update();
  }

  subscriptions(): readonly SubscriptionInfo[] {
    return this.held.list();
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
    const links = [
      this.home.link,
      this.subscriberLink.link,
      ...this.held.shardConnections,
      ...this.owners.all,
    ];
    return links.map(({ redis }) => redis);
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    this.links.closing();
    this.topology.close();
    await Promise.all([
      this.held.close(),
      this.owners.close(),
      this.membership.close(),
      this.subscriberLink.link.close({ graceful: false }),
      this.home.link.close({ graceful: true }),
    ]);
    this.links.closed();
  }

  private publishing(writable: () => void): RedisConnectionListener {
    return {
      up: () => {
        void this.topology.refresh();
        this.update();
        writable();
      },
      down: (reason) => {
        this.links.lost(reason);
        this.update();
      },
      error: (error) => this.failed(error),
    };
  }

  private subscribing(listener: TransportListener): RedisConnectionListener {
    return {
      up: () => this.held.plain.resume(),
      down: (reason) => {
        this.links.lost(reason);
        this.held.plain.suspend();
      },
      error: (error) => this.failed(error),
      ping: () => this.held.plain.ping(),
      // The only one that is always there: the others would report the same loop.
      blocked: (blockedMs) => listener.warned(blockedWarning(blockedMs)),
    };
  }

  private followTopology(): void {
    if (this.closing !== undefined) return;
    if (!this.isSubscriberStarted) {
      this.isSubscriberStarted = true;
      this.subscriberLink.link.start();
    }
    if (this.topology.map !== undefined) this.membership.follow(this.topology.map);
    this.owners.prune();
    this.held.follow();
    this.update();
  }

  private failed(error: Error): void {
    this.links.failed(error);
    this.update();
  }

  private update(): void {
    this.topology.urgent = this.topology.isKnown && (!this.links.areUp || this.held.isUrgent);
    this.links.update();
  }

  /** What is missing although the links are up. */
  private get shortage(): string | undefined {
    const { isDown } = this.topology;
    const down = isDown ? 'the Cluster is down (cluster_state:fail): some slots have no master' : undefined;
    return this.held.shortage ?? down;
  }
}
