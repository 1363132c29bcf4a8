import type { EventContext } from '../message/event-context.js';

/** A call that goes on. */
export interface RunningCall {
  readonly event: EventContext;
  /** How long it has run, in milliseconds, as far as that was looked at. */
  readonly forMs: number;
}

/**
 * The calls of one handler that go on. When one began is not read from a clock, which would cost every event as much as the
 * rest of this: it is taken to have begun when somebody first looks. Whoever looks often enough is that much late, and no more.
 */
export class RunningCalls {
  /** Nobody has looked since they began. */
  private readonly unseen = new Set<EventContext>();
  /** The oldest first, with performance.now() of the first look. */
  private readonly seen = new Map<EventContext, number>();

  get isEmpty(): boolean {
    return this.unseen.size === 0 && this.seen.size === 0;
  }

  begin(event: EventContext): void {
    this.unseen.add(event);
  }

  end(event: EventContext): void {
    if (!this.unseen.delete(event)) this.seen.delete(event);
  }

  has(event: EventContext): boolean {
    return this.unseen.has(event) || this.seen.has(event);
  }

  *events(): Generator<EventContext> {
    yield* this.seen.keys();
    yield* this.unseen;
  }

  /** The oldest. Undefined when none goes on. */
  look(nowMs: number): RunningCall | undefined {
    for (const event of this.unseen) this.seen.set(event, nowMs);
    this.unseen.clear();
    for (const [event, sinceMs] of this.seen) return { event, forMs: Math.max(0, nowMs - sinceMs) };
    return undefined;
  }
}
