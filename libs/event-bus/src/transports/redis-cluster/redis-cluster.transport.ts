import type { Redis } from 'ioredis';
import { BusClosedError, TransportRefusedError } from '../../errors.js';
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
  TransportStatus,
} from '../event.transport.js';
import { gatherOutcomes } from '../settled.messages.js';
import { explainConnectionError } from '../redis/connection-advice.js';
import { isMute, isRefusal, isReplyError } from '../redis/redis.errors.js';
import { RedisPublisher } from '../redis/redis.publisher.js';
import { RedisSubscriber } from '../redis/redis.subscriber.js';
import { OUTPUT_BUFFER_HINT } from '../redis/redis.transport.js';
import { ClusterKeyspace } from './cluster.keyspace.js';
import { inspectCluster } from './cluster.inspection.js';
import { nodeKey } from './cluster.node.js';
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
  private currentState: TransportState = { status: 'connecting' };
  private wasReady = false;
  private latestError: Error | undefined;
  private waitingForLinks: { resolve: () => void; reject: (error: Error) => void }[] = [];
  private closing: Promise<void> | undefined;

  constructor(
    options: RedisClusterTransportOptions,
    private readonly listener: TransportListener,
  ) {
    const settings = clusterSettings(options);
    this.addressOption = options.client === undefined ? 'nodes' : 'client';
    this.settings = settings;
    this.topology = new ClusterTopology(settings, () => this.home.link, {
      read: () => this.followTopology(),
      strayed: (reason) => this.home.leave(reason),
      refused: (error) => this.failed(error),
    });
    const sendable = () => this.tell((to) => to.sendable());
    const error = (failure: Error) => this.failed(failure);
    this.home = new RoamingConnection(settings, this.topology, {
      up: () => {
        void this.topology.refresh();
        this.update();
        sendable();
      },
      down: (reason) => this.lost(reason),
      error,
      ping: () => this.home.link.ping(),
      // The same loop as the subscriber's, which reports it.
      blocked: () => undefined,
    });
    const blocked = (blockedMs: number) => this.blocked(blockedMs);
    this.subscriberLink = new RoamingConnection(settings, this.topology, {
      up: () => this.subscriber.resume(),
      down: (reason) => {
        this.subscriber.suspend(this.subscriberLink.link.wasBlocked ? OUTPUT_BUFFER_HINT : undefined);
        this.lost(reason);
      },
      error,
      ping: () => this.subscriber.ping(),
      blocked,
    });
    this.membership = new MembershipWatch(settings, this.topology, this.home, this.subscriberLink);
    const changed = () => this.update();
    this.publisher = new RedisPublisher(this.home.link, sendable);
    this.owners = new OwnerLinks(settings, this.topology, { sendable, error });
    this.slotPublisher = new SlotPublisher(this.owners, this.topology);
    this.subscriber = new RedisSubscriber(this.subscriberLink.link, listener, changed);
    this.keyspace = new ClusterKeyspace(settings, this.topology);
    this.keyspaceSubscriber = new KeyspaceSubscriber(settings, this.topology, listener, { changed, error });
    this.shards = new ShardSubscriber(settings, this.topology, listener, {
      changed,
      error,
      // Reported once, by the connection that is always there.
      blocked: () => undefined,
    });
  }

  get address(): string {
    return this.settings.seeds.map(nodeKey).join(', ');
  }

  get state(): TransportState {
    return this.currentState;
  }

  connect(): Promise<void> {
    if (this.closing !== undefined) return Promise.reject(new BusClosedError());
    const linked = new Promise<void>((resolve, reject) => this.waitingForLinks.push({ resolve, reject }));
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
    this.topology.close();
    this.subscriber.close();
    for (const { reject } of this.waitingForLinks.splice(0)) reject(new BusClosedError());
    await Promise.all([
      this.shards.close(),
      this.keyspaceSubscriber.close(),
      this.owners.close(),
      this.membership.close(),
      this.subscriberLink.link.close({ graceful: false }),
      this.home.link.close({ graceful: true }),
    ]);
    this.transitionTo({ status: 'closed' });
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

  private lost(reason: Error | undefined): void {
    this.latestError = reason;
    this.update();
  }

  private blocked(blockedMs: number): void {
    this.tell((to) =>
      to.warned({
        sentence: 'The event loop was blocked, handlers held up everything else',
        fields: { blockedMs },
        advice: 'Move long computations to a worker thread, or await between their steps.',
      }),
    );
  }

  private failed(error: Error): void {
    if (this.closing !== undefined) return;
    // One link may know what the other does not.
    if (this.latestError === undefined || !isMute(error)) this.latestError = error;
    const refusal = this.refusalOf(error);
    if (refusal !== undefined) for (const { reject } of this.waitingForLinks.splice(0)) reject(refusal);
    this.update();
  }

  /** Trying again cannot help. */
  private refusalOf(error: Error): TransportRefusedError | undefined {
    if (/cluster support disabled/i.test(error.message)) {
      const message = `The Redis at ${this.address} is not a Cluster: ${error.message}. Use redis() instead of redisCluster().`;
      return new TransportRefusedError(message, { cause: error });
    }
    if (!isRefusal(error)) return undefined;
    const what = isReplyError(error) ? 'refuses us' : 'cannot be reached by TLS';
    return new TransportRefusedError(
      `The Redis Cluster at ${this.address} ${what}: ${this.explain(error)}.`,
      { cause: error },
    );
  }

  private update(): void {
    if (this.closing !== undefined) return;
    const isLinked = this.home.link.isUp && this.subscriberLink.link.isUp;
    this.topology.urgent = this.topology.isKnown && (!isLinked || this.shards.isUrgent);
    if (isLinked) for (const { resolve } of this.waitingForLinks.splice(0)) resolve();
    const isWhole = this.parts.every((part) => part.isWhole);
    const isReady = isLinked && !this.topology.isDown && isWhole;
    // Linked and not ready: something is denied, or has no owner.
    const status: TransportStatus = isReady ? 'ready' : this.wasReady || isLinked ? 'degraded' : 'connecting';
    const reason = isReady ? undefined : this.reasonFor(isLinked);
    const error = isLinked ? undefined : this.latestError;
    this.transitionTo(reason === undefined ? { status } : { status, reason, error });
  }

  private reasonFor(isLinked: boolean): string | undefined {
    const broken = this.parts.find((part) => !part.isWhole);
    if (isLinked && broken !== undefined) return broken.reason;
    if (isLinked) return 'the Cluster is down (cluster_state:fail): some slots have no master';
    if (this.latestError !== undefined) return this.explain(this.latestError);
    return this.wasReady ? 'connection closed' : undefined;
  }

  private explain(error: Error): string {
    return explainConnectionError(error, this.home.link.redis.options, this.wasReady);
  }

  private transitionTo(state: TransportState): void {
    const { status, reason } = this.currentState;
    if (state.status === 'ready') this.wasReady = true;
    this.currentState = state;
    if (state.status === status && state.reason === reason) return;
    this.tell((to) => to.state(state));
  }

  private tell(call: (listener: TransportListener) => void): void {
    try {
      call(this.listener);
    } catch {
      // The listener's contract is not to throw; a throw here would end the process.
    }
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
