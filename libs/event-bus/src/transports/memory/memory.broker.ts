import type {
  InspectionQuery,
  InspectionResult,
  OutgoingMessage,
  SubscriptionTarget,
} from '../event.transport.js';
import { keyEventChannel } from '../../routing/key-event.channel.js';
import { bodyOf } from '../event.transport.js';
import { ClaimRegistry } from './claim.registry.js';
import { DeliveryQueue } from './delivery.queue.js';
import { onTheWire, SubscriberRegistry } from './subscriber.registry.js';

/** Takes one delivery. Must not throw. */
export type MemoryConnection = (target: SubscriptionTarget, channel: string, body: Buffer) => void;

/** A separate broker for `memory({ broker })`: buses with the same broker receive each other's events. */
export function memoryBroker(): MemoryBroker {
  return new MemoryBroker();
}

/** Marks the brokers of every copy of this package; the number is raised when their methods change. */
const BROKER = Symbol.for('nestjs-redis-event-bus:memory-broker:1');

/** Whether it is a broker, including one of another copy of this package. */
export function isMemoryBroker(value: unknown): value is MemoryBroker {
  return typeof value === 'object' && value !== null && BROKER in value;
}

/**
 * Replaces the Redis server in this process. Commands take effect in call order; their effects on listeners (deliveries,
 * confirmations, replies) follow later, in one order for the whole broker.
 */
export class MemoryBroker {
  private readonly registry = new SubscriberRegistry<MemoryConnection>();
  private readonly queue = new DeliveryQueue();
  private readonly claims = new ClaimRegistry();

  static {
    Object.defineProperty(this.prototype, BROKER, { value: true });
  }

  /** No delivery is pending. */
  get isIdle(): boolean {
    return this.queue.isIdle;
  }

  /**
   * Resolves when no delivery is pending. It does not wait for handlers: one that publishes later makes the broker busy again.
   */
  whenIdle(): Promise<void> {
    return this.queue.whenIdle();
  }

  /** Publishes a key event as Redis would: `broker.emitKeyEvent({ event: 'expired', key: 'session:1' })`. */
  emitKeyEvent({
    event,
    key,
    db = 0,
  }: {
    readonly event: string;
    readonly key: string;
    readonly db?: number;
  }): void {
    this.publish({ kind: 'channel', channel: keyEventChannel(event, db), body: key });
  }

  /** @internal SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE: takes effect at once, `confirmed` is called in stream order. */
  subscribe(
    connection: MemoryConnection,
    targets: readonly SubscriptionTarget[],
    confirmed: () => void,
  ): void {
    for (const target of targets) this.registry.add(connection, target);
    this.queue.add(confirmed);
  }

  /** @internal Takes effect at once, `released` is called in stream order, after everything published before. */
  unsubscribe(
    connection: MemoryConnection,
    targets: readonly SubscriptionTarget[],
    released: () => void,
  ): void {
    for (const target of targets) this.registry.remove(connection, target);
    this.queue.add(released);
  }

  /** @internal PUBLISH, SPUBLISH: returns the number of deliveries, which follow later, each with its own copy. */
  publish(message: OutgoingMessage): number {
    const channel = onTheWire(message.channel);
    const deliveries = this.registry.deliveriesOf(message);
    const sent = bodyOf(message);
    for (const { connection, target } of deliveries) {
      // Copied now, so that later changes of the caller's buffer have no effect.
      const body = copyOf(sent);
      this.queue.add(() => connection(target, channel, body));
    }
    return deliveries.length;
  }

  /** @internal SET NX PX: false while an earlier claim of the key is valid. */
  claim(key: string, ttlMs: number): boolean {
    return this.claims.claim(key, ttlMs);
  }

  /** @internal PUBSUB over all connections. */
  inspect(query: InspectionQuery): InspectionResult {
    return this.registry.inspect(query);
  }

  /** @internal Resolves in stream order: when everything that is pending now has been delivered. */
  turn(): Promise<void> {
    return this.queue.turn();
  }
}

function copyOf(body: Buffer | string): Buffer {
  return typeof body === 'string' ? Buffer.from(body, 'utf8') : Buffer.from(body);
}
