import type { Subscriber } from 'rxjs';
import type { CallContext } from '../dispatching/call.context.js';

/**
 * Tells rxjs subscribers one after the other. rxjs itself reports what their callbacks throw; what a teardown or a
 * Subscriber of somebody's own throws ends up here, and neither those behind it nor the one who emits hears of it.
 */
export class ContainedEmitter<T> {
  private readonly subscribers = new Set<Subscriber<T>>();

  constructor(
    /** Must not throw. */
    private readonly failed: (error: unknown) => void,
    private readonly context: CallContext,
  ) {}

  /** @returns what forgets it: the teardown of an Observable. */
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
    // Whoever subscribes meanwhile knows the value already.
    for (const subscriber of Array.from(this.subscribers)) {
      try {
        this.context.run(tell, subscriber, undefined);
      } catch (error) {
        this.failed(error);
      }
    }
  }
}
