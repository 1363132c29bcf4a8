import { BusClosedError } from '../../errors.js';
import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import type {
  EventTransport,
  SubscribeOutcome,
  SubscriptionInfo,
  TransportListener,
  TransportState,
} from '../event.transport.js';
import { InTurnListener } from '../in-turn.listener.js';
import type { LinkState } from '../link.state.js';
import { blockedWarning } from './blocked.loop.js';
import type { RedisConnectionListener } from './connection.listener.js';
import type { RedisSubscriber } from './redis.subscriber.js';

/** The common part of the Redis transports: they report the state of their links, and answer in the same way once closed. */
export abstract class ServerTransport implements Omit<EventTransport, 'name' | 'address' | 'publish'> {
  readonly capabilities = { shard: true };
  protected readonly listener: TransportListener;
  protected abstract readonly linkState: LinkState;
  protected abstract readonly subscriber: Pick<EventTransport, 'subscribe' | 'unsubscribe' | 'subscriptions'>;
  /** Set once it is closed. */
  protected closing: Promise<void> | undefined;

  constructor(owner: TransportListener) {
    this.listener = InTurnListener.of(owner);
  }

  get state(): TransportState {
    return this.linkState.current;
  }

  connect(): Promise<void> {
    const linked = this.linkState.nextLink();
    if (!this.isClosed) this.start();
    this.linkState.update();
    return linked;
  }

  async subscribe(targets: readonly SubscriptionTarget[]): Promise<readonly SubscribeOutcome[]> {
    if (this.isClosed) return targets.map((target) => ({ target, error: new BusClosedError() }));
    return this.subscriber.subscribe(targets);
  }

  async unsubscribe(targets: readonly SubscriptionTarget[]): Promise<void> {
    if (!this.isClosed) await this.subscriber.unsubscribe(targets);
  }

  subscriptions(): readonly SubscriptionInfo[] {
    return this.subscriber.subscriptions();
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  protected get isClosed(): boolean {
    return this.closing !== undefined;
  }

  protected abstract start(): void;
  protected abstract disconnect(): Promise<void>;

  /** The links, or what is missing on them, may have changed. */
  protected update(): void {
    this.linkState.update();
  }

  protected failed(error: Error): void {
    this.linkState.failed(error);
    this.update();
  }

  /** For the connection that publishes. */
  protected publishing(up: () => void, ping?: () => Promise<void>): RedisConnectionListener {
    return {
      up: () => {
        this.update();
        this.listener.writable();
        up();
      },
      down: (reason) => {
        this.linkState.lost(reason);
        this.update();
      },
      error: (error) => this.failed(error),
      ping,
    };
  }

  /** For the connection that subscribes. */
  protected subscribing(subscriber: () => RedisSubscriber): RedisConnectionListener {
    return {
      up: () => subscriber().resume(),
      down: (reason) => {
        this.linkState.lost(reason);
        subscriber().suspend();
      },
      error: (error) => this.failed(error),
      ping: () => subscriber().ping(),
      // The only connection that always exists; the others would report the same loop.
      blocked: (blockedMs) => this.listener.warned(blockedWarning(blockedMs)),
    };
  }

  private async end(): Promise<void> {
    this.linkState.closing();
    await this.disconnect();
    this.linkState.closed();
  }
}
