import type { EventContext } from '../message/event-context.js';

/** A running call. */
export interface RunningCall {
  readonly event: EventContext;
  /** How long it has run, in milliseconds, as of the last look. */
  readonly forMs: number;
}

/** A call from its begin to its end. */
export class BegunCall {
  isRunning = true;
  /** performance.now() of the first look after it began. */
  sinceMs: number | undefined = undefined;
  older: BegunCall | undefined = undefined;
  newer: BegunCall | undefined = undefined;

  constructor(readonly event: EventContext) {}
}

/**
 * The running calls of one handler. Reading a clock for each call would double its cost, so a call is timed from the first look
 * after it began. The error is at most the time between two looks. A linked list: a set would hash each event.
 */
export class RunningCalls {
  private oldest: BegunCall | undefined;
  private newest: BegunCall | undefined;

  get isEmpty(): boolean {
    return this.oldest === undefined;
  }

  begin(event: EventContext): BegunCall {
    const call = new BegunCall(event);
    const { newest } = this;
    call.older = newest;
    if (newest === undefined) this.oldest = call;
    else newest.newer = call;
    this.newest = call;
    return call;
  }

  /** Idempotent. */
  end(call: BegunCall): void {
    if (!call.isRunning) return;
    call.isRunning = false;
    const { older, newer } = call;
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.newest = older;
    else newer.older = older;
    // An old call that still points to newer ones would keep them alive until the next full collection.
    call.older = undefined;
    call.newer = undefined;
  }

  /** Oldest first. */
  events(): readonly EventContext[] {
    const events: EventContext[] = [];
    for (let call = this.oldest; call !== undefined; call = call.newer) events.push(call.event);
    return events;
  }

  /** The oldest call. Undefined if none is running. */
  look(nowMs: number): (RunningCall & { readonly call: BegunCall }) | undefined {
    for (let call = this.newest; call !== undefined && call.sinceMs === undefined; call = call.older)
      call.sinceMs = nowMs;
    const { oldest } = this;
    if (oldest === undefined) return undefined;
    return { call: oldest, event: oldest.event, forMs: Math.max(0, nowMs - (oldest.sinceMs ?? nowMs)) };
  }
}
