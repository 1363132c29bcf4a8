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
import { settleAll } from '../settled.messages.js';
import { blockedWarning } from './blocked.loop.js';
import { claimKey } from './redis.claim.js';
import { RedisConnection } from './redis.connection.js';
import type { RedisConnectionListener } from './connection.listener.js';
import { inspectRedis } from './redis.inspection.js';
import { RedisLinks } from './redis.links.js';
import type { RedisTransportOptions } from './redis.options.js';
import { addressOptionOf, linkSettings, redisProblems } from './redis.options.js';
import { RedisKeyspace } from './redis.keyspace.js';
import { RedisPublisher } from './redis.publisher.js';
import { RedisReplicaWatch } from './redis.replica.js';
import { RedisSentinels } from './redis.sentinels.js';
import { RedisSubscriber } from './redis.subscriber.js';

/**
 * Events travel through a Redis server, on two connections of our own: one subscribes, one publishes.
 * Without options it is `redis://localhost:6379`.
 */
export function redis(options: RedisTransportOptions = {}): TransportFactory {
  return {
    name: 'redis',
    problems: redisProblems(options),
    create: (listener) => new RedisTransport(options, listener),
  };
}

/** Redis pub/sub on one server: PUBLISH and SPUBLISH, SUBSCRIBE, PSUBSCRIBE and SSUBSCRIBE. */
class RedisTransport implements EventTransport, AllFacets {
  readonly name = 'redis';
  readonly capabilities = { shard: true };

  readonly addressOption: string;
  readonly keyspace: RedisKeyspace;

  private readonly sentinels: RedisSentinels | undefined;
  private readonly subscriberLink: RedisConnection;
  private readonly publisherLink: RedisConnection;
  private readonly subscriber: RedisSubscriber;
  private readonly publisher: RedisPublisher;
  private readonly replicaWatch: RedisReplicaWatch;
  private readonly links: LinkState;
  private closing: Promise<void> | undefined;

  constructor(options: RedisTransportOptions, owner: TransportListener) {
    const listener = new GuardedListener(owner);
    this.addressOption = addressOptionOf(options);
    const made = linkSettings(options);
    this.sentinels = RedisSentinels.of(made);
    this.subscriberLink = new RedisConnection(made, this.subscribing(listener), this.sentinels);
    this.publisherLink = new RedisConnection(made, this.publishing(listener), this.sentinels);
    const links = new RedisLinks(() => `Redis at ${this.address}`, {
      publisher: this.publisherLink,
      subscriber: this.subscriberLink,
      shortage: () => (this.subscriber.isFullySubscribed ? undefined : this.subscriber.reason),
    });
    this.links = new LinkState(links, listener);
    this.subscriber = new RedisSubscriber(this.subscriberLink, listener, () => this.links.update());
    this.keyspace = new RedisKeyspace(this.publisherLink);
    this.publisher = new RedisPublisher(this.publisherLink, () => listener.writable());
    this.replicaWatch = new RedisReplicaWatch(this.publisherLink, (warning) => listener.warned(warning));
  }

  get address(): string {
    return this.publisherLink.address;
  }

  get database(): number {
    return this.publisherLink.redis.options.db ?? 0;
  }

  get state(): TransportState {
    return this.links.current;
  }

  connect(): Promise<void> {
    if (this.closing !== undefined) return Promise.reject(new BusClosedError());
    const linked = this.links.nextLink();
    this.sentinels?.start();
    this.subscriberLink.start();
    this.publisherLink.start();
    this.links.update();
    return linked;
  }

  get batching(): PublishBatching {
    return this.publisher.batching;
  }

  publish(messages: readonly OutgoingMessage[], settled: SettledListener): void {
    if (this.closing === undefined) this.publisher.publish(messages, settled);
    else settleAll(messages, settled, () => new BusClosedError());
  }

  async subscribe(targets: readonly SubscriptionTarget[]): Promise<readonly SubscribeOutcome[]> {
    if (this.closing !== undefined) return targets.map((target) => ({ target, error: new BusClosedError() }));
    return this.subscriber.subscribe(targets);
  }

  async unsubscribe(targets: readonly SubscriptionTarget[]): Promise<void> {
    if (this.closing === undefined) await this.subscriber.unsubscribe(targets);
  }

  subscriptions(): readonly SubscriptionInfo[] {
    return this.subscriber.subscriptions();
  }

  async inspect(query: InspectionQuery): Promise<InspectionResult> {
    if (this.closing !== undefined) throw new BusClosedError();
    return inspectRedis(this.publisherLink, query);
  }

  async claim(key: string, ttlMs: number): Promise<boolean> {
    if (this.closing !== undefined) throw new BusClosedError();
    return claimKey(this.publisherLink, key, ttlMs);
  }

  /** The ioredis clients: the one that publishes, then the one that subscribes. */
  unwrap(): [Redis, Redis] {
    return [this.publisherLink.redis, this.subscriberLink.redis];
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    this.links.closing();
    this.subscriber.close();
    await Promise.all([
      this.subscriberLink.close({ graceful: false }),
      this.publisherLink.close({ graceful: true }),
    ]);
    this.sentinels?.close();
    this.links.closed();
  }
  private subscribing(listener: TransportListener): RedisConnectionListener {
    return {
      up: () => this.subscriber.resume(),
      down: (reason) => {
        this.links.lost(reason);
        this.subscriber.suspend();
      },
      error: (error) => this.failed(error),
      ping: () => this.subscriber.ping(),
      // The publisher's would report the same loop.
      blocked: (blockedMs) => listener.warned(blockedWarning(blockedMs)),
    };
  }

  private publishing(listener: TransportListener): RedisConnectionListener {
    return {
      up: () => {
        this.links.update();
        listener.writable();
        void this.replicaWatch.check();
      },
      down: (reason) => {
        this.links.lost(reason);
        this.links.update();
      },
      error: (error) => this.failed(error),
      ping: async () => {
        await Promise.all([this.publisherLink.confirmMaster(), this.publisherLink.ping()]);
      },
    };
  }

  private failed(error: Error): void {
    this.links.failed(error);
    this.links.update();
  }
}
