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

/** A broker of its own for `memory({ broker })`: buses that are given the same one hear each other. */
export function memoryBroker(): MemoryBroker {
  return new MemoryBroker();
}

/** On the brokers of every copy of this package; the number is raised when their methods change. */
const BROKER = Symbol.for('nestjs-redis-event-bus:memory-broker:1');

/** Whether it is a broker, also of another copy of this package. */
export function isMemoryBroker(value: unknown): value is MemoryBroker {
  return typeof value === 'object' && value !== null && BROKER in value;
}

/**
 * What stands in for the Redis server in this process. Commands take effect in the order they are called; whatever
 * they cause at listeners (deliveries, confirmations, replies) comes later, in one order for the whole broker.
 */
export class MemoryBroker {
  private readonly registry = new SubscriberRegistry<MemoryConnection>();
  private readonly queue = new DeliveryQueue();
  private readonly claims = new ClaimRegistry();

  static {
    Object.defineProperty(this.prototype, BROKER, { value: true });
  }

  /** Nothing waits for delivery. */
  get isIdle(): boolean {
    return this.queue.isIdle;
  }

  /**
   * Resolves when nothing waits for delivery any more. Says nothing about what handlers do with it: one that
   * publishes again later makes the broker busy again.
   */
  whenIdle(): Promise<void> {
    return this.queue.whenIdle();
  }

  /** What Redis would publish about a key: `broker.emitKeyEvent({ event: 'expired', key: 'session:1' })`. */
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

  /** @internal SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE: takes effect at once, `confirmed` is called at its place in the stream. */
  subscribe(
    connection: MemoryConnection,
    targets: readonly SubscriptionTarget[],
    confirmed: () => void,
  ): void {
    for (const target of targets) this.registry.add(connection, target);
    this.queue.add(confirmed);
  }

  /** @internal Takes effect at once, `released` is called at its place in the stream, after what was published before. */
  unsubscribe(
    connection: MemoryConnection,
    targets: readonly SubscriptionTarget[],
    released: () => void,
  ): void {
    for (const target of targets) this.registry.remove(connection, target);
    this.queue.add(released);
  }

  /** @internal PUBLISH, SPUBLISH: answers with the number of deliveries, which are still to come, each with its own copy. */
  publish(message: OutgoingMessage): number {
    const channel = onTheWire(message.channel);
    const deliveries = this.registry.deliveriesOf(message);
    const sent = bodyOf(message);
    for (const { connection, target } of deliveries) {
      // The copy is made now: what the caller does to its buffer later does not travel.
      const body = copyOf(sent);
      this.queue.add(() => connection(target, channel, body));
    }
    return deliveries.length;
  }

  /** @internal SET NX PX: false as long as an earlier claim of the key holds. */
  claim(key: string, ttlMs: number): boolean {
    return this.claims.claim(key, ttlMs);
  }

  /** @internal PUBSUB over all connections. */
  inspect(query: InspectionQuery): InspectionResult {
    return this.registry.inspect(query);
  }

  /** @internal Resolves at this place in the stream: when everything that is waiting now has been delivered. */
  turn(): Promise<void> {
    return this.queue.turn();
  }
}

function copyOf(body: Buffer | string): Buffer {
  return typeof body === 'string' ? Buffer.from(body, 'utf8') : Buffer.from(body);
}
