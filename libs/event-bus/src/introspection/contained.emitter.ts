import type { Subscriber } from 'rxjs';
import type { CallContext } from '../dispatching/call.context.js';

/**
 * Notifies rxjs subscribers one after the other. rxjs itself reports what their callbacks throw. What a teardown or a custom
 * Subscriber throws is reported here, and reaches neither later subscribers nor the caller.
 */
export class ContainedEmitter<T> {
  private readonly subscribers = new Set<Subscriber<T>>();

  constructor(
    /** Must not throw. */
    private readonly failed: (error: unknown) => void,
    private readonly context: CallContext,
  ) {}

  /** @returns a function that removes it: the teardown of an Observable. */
  add(subscriber: Subscriber<T>): () => void {
    this.subscribers.add(subscriber);
    return () => this.subscribers.delete(subscriber);
  }

  next(value: T): void {
    this.each((subscriber) => subscriber.next(value));
  }

  complete(): void {
    this.each((subscriber) => subscriber.complete());
    this.subscribers.clear();
  }

  private each(tell: (subscriber: Subscriber<T>) => void): void {
    // A subscriber that is added meanwhile already knows the value.
    for (const subscriber of Array.from(this.subscribers)) {
      try {
        this.context.run(tell, subscriber, undefined);
      } catch (error) {
        this.failed(error);
      }
    }
  }
}
