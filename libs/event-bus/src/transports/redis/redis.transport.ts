import type { Redis } from 'ioredis';
import { BusClosedError, TransportRefusedError } from '../../errors.js';
import type { SubscriptionTarget } from '../../routing/subscription-target.js';
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
import { explainConnectionError } from './connection-advice.js';
import { claimKey } from './redis.claim.js';
import { RedisConnection } from './redis.connection.js';
import type { RedisConnectionListener } from './redis.connection.js';
import { isMute, isRefusal, isReplyError } from './redis.errors.js';
import { inspectRedis } from './redis.inspection.js';
import type { RedisTransportOptions } from './redis.options.js';
import { addressOptionOf, linkSettings, redisProblems } from './redis.options.js';
import { RedisKeyspace } from './redis.keyspace.js';
import { RedisPublisher } from './redis.publisher.js';
import { RedisReplicaWatch } from './redis.replica.js';
import { RedisSentinels } from './redis.sentinels.js';
import { RedisSubscriber } from './redis.subscriber.js';

/** For an interruption after a block: Redis tells no client why it closes it. */
export const OUTPUT_BUFFER_HINT =
  'The event loop had been blocked. Redis closes a subscriber that reads too slowly: see client-output-buffer-limit pubsub.';

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
class RedisTransport implements EventTransport {
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
  private currentState: TransportState = { status: 'connecting' };
  private wasReady = false;
  private latestError: Error | undefined;
  private waitingForLinks: { resolve: () => void; reject: (error: Error) => void }[] = [];
  private closing: Promise<void> | undefined;

  constructor(
    options: RedisTransportOptions,
    private readonly listener: TransportListener,
  ) {
    this.addressOption = addressOptionOf(options);
    const made = linkSettings(options);
    this.sentinels = RedisSentinels.of(made);
    const subscribing: RedisConnectionListener = {
      up: () => this.subscriber.resume(),
      down: (reason) => {
        this.latestError = reason;
        this.subscriber.suspend(this.subscriberLink.wasBlocked ? OUTPUT_BUFFER_HINT : undefined);
      },
      error: (error) => this.failed(error),
      ping: () => this.subscriber.ping(),
      blocked: (blockedMs) => this.blocked(blockedMs),
    };
    const publishing: RedisConnectionListener = {
      up: () => {
        this.update();
        this.tell((to) => to.sendable());
        void this.replicaWatch.check();
      },
      down: (reason) => {
        this.latestError = reason;
        this.update();
      },
      error: (error) => this.failed(error),
      ping: async () => {
        await Promise.all([this.publisherLink.confirmMaster(), this.publisherLink.ping()]);
      },
      // The same loop as the subscriber's, which reports it.
      blocked: () => undefined,
    };
    this.subscriberLink = new RedisConnection(made, subscribing, this.sentinels);
    this.publisherLink = new RedisConnection(made, publishing, this.sentinels);
    this.subscriber = new RedisSubscriber(this.subscriberLink, listener, () => this.update());
    this.keyspace = new RedisKeyspace(this.publisherLink);
    this.publisher = new RedisPublisher(this.publisherLink, () => this.tell((to) => to.sendable()));
    this.replicaWatch = new RedisReplicaWatch(this.publisherLink, (warning) =>
      this.tell((to) => to.warned(warning)),
    );
  }

  get address(): string {
    return this.publisherLink.address;
  }

  get database(): number {
    return this.publisherLink.redis.options.db ?? 0;
  }

  get state(): TransportState {
    return this.currentState;
  }

  connect(): Promise<void> {
    if (this.closing !== undefined) return Promise.reject(new BusClosedError());
    const linked = new Promise<void>((resolve, reject) => this.waitingForLinks.push({ resolve, reject }));
    this.sentinels?.start();
    this.subscriberLink.start();
    this.publisherLink.start();
    this.update();
    return linked;
  }

  get batching(): PublishBatching {
    return this.publisher.batching;
  }

  publish(
    messages: readonly OutgoingMessage[],
    settled?: SettledListener,
  ): Promise<readonly PublishOutcome[]> {
    if (this.closing !== undefined) {
      return Promise.resolve(messages.map(() => ({ error: new BusClosedError() })));
    }
    return gatherOutcomes(messages.length, settled, (settle) => this.publisher.publish(messages, settle));
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
    this.subscriber.close();
    for (const { reject } of this.waitingForLinks.splice(0)) reject(new BusClosedError());
    await Promise.all([
      this.subscriberLink.close({ graceful: false }),
      this.publisherLink.close({ graceful: true }),
    ]);
    this.sentinels?.close();
    this.transitionTo({ status: 'closed' });
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
    // One link may know what the other does not.
    if (this.latestError === undefined || !isMute(error)) this.latestError = error;
    if (isRefusal(error)) {
      const what = isReplyError(error) ? 'refuses us' : 'cannot be reached by TLS';
      const refusal = new TransportRefusedError(`Redis at ${this.address} ${what}: ${this.explain(error)}.`, {
        cause: error,
      });
      for (const { reject } of this.waitingForLinks.splice(0)) reject(refusal);
    }
    this.update();
  }

  private update(): void {
    if (this.closing !== undefined) return;
    const isLinked = this.subscriberLink.isUp && this.publisherLink.isUp;
    if (isLinked) for (const { resolve } of this.waitingForLinks.splice(0)) resolve();
    const isReady = isLinked && this.subscriber.isWhole;
    // Linked and not ready: something is denied.
    const status: TransportStatus = isReady ? 'ready' : this.wasReady || isLinked ? 'degraded' : 'connecting';
    const reason = isReady ? undefined : this.reasonFor(isLinked);
    const error = isLinked ? undefined : this.latestError;
    this.transitionTo(reason === undefined ? { status } : { status, reason, error });
  }

  private reasonFor(isLinked: boolean): string | undefined {
    if (isLinked) return this.subscriber.reason;
    if (this.latestError !== undefined) return this.explain(this.latestError);
    return this.wasReady ? 'connection closed' : undefined;
  }

  private explain(error: Error): string {
    return explainConnectionError(error, this.publisherLink.redis.options, this.wasReady);
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
