import type { Redis } from 'ioredis';
import { BusClosedError } from '../../errors.js';
import type {
  AllFacets,
  EventTransport,
  InspectionQuery,
  InspectionResult,
  MessageSettings,
  OutgoingMessage,
  SettledListener,
  TransportFactory,
  TransportLink,
  TransportListener,
} from '../event.transport.js';
import { LinkState } from '../link.state.js';
import { pingServer, reportNodeLinks } from '../redis/link.report.js';
import { RedisLinks } from '../redis/redis.links.js';
import { RedisPublisher } from '../redis/redis.publisher.js';
import { ServerTransport } from '../redis/server.transport.js';
import { settleAll } from '../settled.messages.js';
import { ClusterKeyspace } from './cluster.keyspace.js';
import { inspectCluster } from './cluster.inspection.js';
import { nodeKey } from './cluster.node.js';
import { ClusterSubscriptions } from './cluster.subscriptions.js';
import { ClusterTopology } from './cluster.topology.js';
import { OwnerLinks } from './owner.links.js';
import { MembershipWatch } from './membership.watch.js';
import { clusterSettings, redisClusterProblems } from './redis-cluster.options.js';
import type { ClusterSettings, RedisClusterTransportOptions } from './redis-cluster.options.js';
import { RoamingConnection } from './roaming.connection.js';
import { SlotPublisher } from './slot.publisher.js';

/**
 * Events are sent through a Redis Cluster. Channels and patterns use two connections, each to any node; shard channels use one
 * to each master that serves some of them.
 */
export function redisCluster(options: RedisClusterTransportOptions): TransportFactory {
  return {
    name: 'redis-cluster',
    problems: redisClusterProblems(options),
    create: (listener, messages) => new RedisClusterTransport(options, listener, messages),
  };
}

/** Redis pub/sub on a Cluster: PUBLISH reaches every node, SPUBLISH the nodes of one slot. */
class RedisClusterTransport extends ServerTransport implements EventTransport, AllFacets {
  readonly name = 'redis-cluster';
  readonly batching = 'pipeline';
  readonly addressOption: string;
  /** A Cluster has no other database. */
  readonly database = 0;
  readonly keyspace: ClusterKeyspace;

  protected readonly linkState: LinkState;
  protected readonly subscriber: ClusterSubscriptions;
  private readonly settings: ClusterSettings;
  private readonly topology: ClusterTopology;
  /** Publishes, and reads the topology: one connection, so that a publisher's events keep their order. */
  private readonly home: RoamingConnection;
  private readonly publisher: RedisPublisher;
  private readonly owners: OwnerLinks;
  private readonly slotPublisher: SlotPublisher;
  private readonly subscriberLink: RoamingConnection;
  private readonly membership: MembershipWatch;
  private isSubscriberStarted = false;

  constructor(
    options: RedisClusterTransportOptions,
    owner: TransportListener,
    messages: MessageSettings | undefined,
  ) {
    super(owner);
    const { listener } = this;
    const settings = clusterSettings(options, messages);
    this.addressOption = options.client === undefined ? 'nodes' : 'client';
    this.settings = settings;
    const error = (failure: Error) => this.failed(failure);
    const topology = new ClusterTopology(settings, () => this.home.link, {
      read: () => this.followTopology(),
      strayed: (reason) => this.home.leave(reason),
      refused: error,
    });
    this.topology = topology;
    this.home = new RoamingConnection(
      settings,
      topology,
      this.publishing(() => void topology.refresh()),
    );
    const subscribing = this.subscribing(() => this.subscriber.plain);
    this.subscriberLink = new RoamingConnection(settings, topology, subscribing);
    const [publisher, subscriber] = [this.home.link, this.subscriberLink.link];
    this.membership = new MembershipWatch(settings, topology, this.home, this.subscriberLink);
    const writable = () => listener.writable();
    this.publisher = new RedisPublisher(publisher, writable);
    this.owners = new OwnerLinks(settings, topology, { writable, error });
    this.slotPublisher = new SlotPublisher(this.owners, topology);
    const changed = () => this.update();
    this.subscriber = new ClusterSubscriptions(settings, topology, subscriber, listener, { error, changed });
    this.keyspace = new ClusterKeyspace(settings, topology);
    const down = 'the Cluster is down (cluster_state:fail): some slots have no master';
    const shortage = () => this.subscriber.shortage ?? (topology.isDown ? down : undefined);
    const server = () => `The Redis Cluster at ${this.address}`;
    this.linkState = new LinkState(new RedisLinks(server, { publisher, subscriber, shortage }), listener);
  }

  get address(): string {
    return this.settings.seeds.map(nodeKey).join(', ');
  }

  get usesTls(): boolean {
    return Boolean(this.settings.connection.tls);
  }

  publish(messages: readonly OutgoingMessage[], settled: SettledListener): void {
    if (this.isClosed) return settleAll(messages, settled, () => new BusClosedError());
    const [first] = messages;
    if (messages.every(({ kind }) => kind === first?.kind)) {
      this.publisherOf(first?.kind).publish(messages, settled);
      return;
    }
    for (const wanted of ['channel', 'shard'] as const) {
      const indices = [...messages.keys()].filter((index) => messages[index]?.kind === wanted);
      const those = indices.map((index) => messages[index] as OutgoingMessage);
      const settle: SettledListener = (at, outcome) => settled(indices[at] as number, outcome);
      this.publisherOf(wanted).publish(those, settle);
    }
  }

  async inspect(query: InspectionQuery): Promise<InspectionResult> {
    if (this.isClosed) throw new BusClosedError();
    return inspectCluster(this.settings, this.topology, query);
  }

  async claim(key: string, ttlMs: number): Promise<boolean> {
    if (this.isClosed) throw new BusClosedError();
    return this.slotPublisher.claim(key, ttlMs);
  }

  links(): readonly TransportLink[] {
    return [
      ...reportNodeLinks('publisher', [this.home.link]),
      ...reportNodeLinks('subscriber', [this.subscriberLink.link]),
      ...reportNodeLinks('shard-publisher', this.owners.all),
      ...reportNodeLinks('shard-subscriber', this.subscriber.shardConnections),
      ...reportNodeLinks('key-event-subscriber', this.subscriber.keyConnections),
    ];
  }

  ping(): Promise<void> {
    return pingServer(this.home.link, this.isClosed);
  }

  /** The ioredis clients: first the publisher, then the subscriber, then those of the masters. */
  unwrap(): Redis[] {
    const { shardConnections } = this.subscriber;
    const links = [this.home.link, this.subscriberLink.link, ...shardConnections, ...this.owners.all];
    return links.map(({ redis }) => redis);
  }

  protected start(): void {
    this.home.link.start();
  }

  protected async disconnect(): Promise<void> {
    this.topology.close();
    await Promise.all([
      this.subscriber.close(),
      this.owners.close(),
      this.membership.close(),
      this.subscriberLink.link.close({ graceful: false }),
      this.home.link.close({ graceful: true }),
    ]);
  }

  protected override update(): void {
    this.topology.urgent = this.topology.isKnown && (!this.linkState.areUp || this.subscriber.isUrgent);
    super.update();
  }

  private publisherOf(kind: OutgoingMessage['kind'] | undefined): Pick<RedisPublisher, 'publish'> {
    return kind === 'shard' ? this.slotPublisher : this.publisher;
  }

  private followTopology(): void {
    if (this.isClosed) return;
    if (!this.isSubscriberStarted) {
      this.isSubscriberStarted = true;
      this.subscriberLink.link.start();
    }
    if (this.topology.map !== undefined) this.membership.follow(this.topology.map);
    this.owners.prune();
    this.subscriber.follow();
    this.update();
  }
}
