import type { EventContext } from '../message/event-context.js';

/** A running call. */
export interface RunningCall {
  readonly event: EventContext;
  /** How long it has run, in milliseconds, as of the last look. */
  readonly forMs: number;
}

/**
 * The running calls of one handler. Reading a clock for each call would double its cost, so a call is timed from the first look
 * after it began. The error is at most the time between two looks.
 */
export class RunningCalls {
  /** Calls that began since the last look. */
  private readonly unseen = new Set<EventContext>();
  /** Oldest first, with performance.now() of the first look. */
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

  /** The oldest call. Undefined if none is running. */
  look(nowMs: number): RunningCall | undefined {
    for (const event of this.unseen) this.seen.set(event, nowMs);
    this.unseen.clear();
    for (const [event, sinceMs] of this.seen) return { event, forMs: Math.max(0, nowMs - sinceMs) };
    return undefined;
  }
}
