import type { Redis } from 'ioredis';
import { BusClosedError, TransportRefusedError, reasonOf } from '../../errors.js';
import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import type {
  EventTransport,
  InspectionQuery,
  InspectionResult,
  OutgoingMessage,
  PublishOutcome,
  SubscribeOutcome,
  SubscriptionInfo,
  TransportFactory,
  TransportListener,
  TransportState,
  TransportStatus,
} from '../event.transport.js';
import { RedisConnection } from './redis.connection.js';
import { explainRefusal, isRefusal } from './redis.errors.js';
import { inspectRedis } from './redis.inspection.js';
import type { RedisTransportOptions } from './redis.options.js';
import { redisProblems } from './redis.options.js';
import { RedisPublisher } from './redis.publisher.js';
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
class RedisTransport implements EventTransport {
  readonly name = 'redis';
  readonly capabilities = { shard: true };

  private readonly subscriberLink: RedisConnection;
  private readonly publisherLink: RedisConnection;
  private readonly subscriber: RedisSubscriber;
  private readonly publisher: RedisPublisher;
  private currentState: TransportState = { status: 'connecting' };
  private wasReady = false;
  private latestError: Error | undefined;
  private waitingForLinks: { resolve: () => void; reject: (error: Error) => void }[] = [];
  private closing: Promise<void> | undefined;

  constructor(
    options: RedisTransportOptions,
    private readonly listener: TransportListener,
  ) {
    this.subscriberLink = new RedisConnection(options, {
      up: () => this.subscriber.resume(),
      down: (reason) => {
        this.latestError = reason;
        this.subscriber.suspend();
      },
      error: (error) => this.failed(error),
    });
    this.publisherLink = new RedisConnection(options, {
      up: () => this.update(),
      down: (reason) => {
        this.latestError = reason;
        this.update();
      },
      error: (error) => this.failed(error),
    });
    this.subscriber = new RedisSubscriber(this.subscriberLink, listener, () => this.update());
    this.publisher = new RedisPublisher(this.publisherLink);
  }

  get address(): string {
    return this.publisherLink.address;
  }

  get state(): TransportState {
    return this.currentState;
  }

  connect(): Promise<void> {
    if (this.closing !== undefined) return Promise.reject(new BusClosedError());
    const linked = new Promise<void>((resolve, reject) => this.waitingForLinks.push({ resolve, reject }));
    this.subscriberLink.start();
    this.publisherLink.start();
    this.update();
    return linked;
  }

  async publish(messages: readonly OutgoingMessage[]): Promise<readonly PublishOutcome[]> {
    if (this.closing !== undefined) return messages.map(() => ({ error: new BusClosedError() }));
    return this.publisher.publish(messages);
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
    this.transitionTo({ status: 'closed' });
  }

  private failed(error: Error): void {
    this.latestError = error;
    if (isRefusal(error)) {
      const refusal = new TransportRefusedError(
        `Redis at ${this.address} refuses us: ${explainRefusal(error)}.`,
        {
          cause: error,
        },
      );
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
    this.transitionTo(reason === undefined ? { status } : { status, reason });
  }

  private reasonFor(isLinked: boolean): string | undefined {
    if (isLinked) {
      const denied = this.subscriptions().find((info) => info.state === 'denied');
      return denied?.reason ?? 'subscriptions are not confirmed yet';
    }
    const reason = this.latestError === undefined ? 'connection closed' : reasonOf(this.latestError);
    return this.wasReady || this.latestError !== undefined ? reason : undefined;
  }

  private transitionTo(state: TransportState): void {
    const { status, reason } = this.currentState;
    if (state.status === 'ready') this.wasReady = true;
    this.currentState = state;
    if (state.status === status && state.reason === reason) return;
    try {
      this.listener.state(state);
    } catch {
      // The listener's contract is not to throw; a throw here would end the process.
    }
  }
}
