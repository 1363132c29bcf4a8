import type { Span } from '@opentelemetry/api';
import type { EventContext } from '../message/event-context.js';

/** The span of a call that has not ended. */
interface OpenSpan {
  readonly event: EventContext;
  readonly span: Span;
  /** By performance.now(). */
  readonly startedMs: number;
}

/**
 * The spans of running calls, by the event of the call: each call has one of its own. A call may end without a fact, so that they
 * are held weakly; but most end before the next one begins, and a WeakMap costs as much as a span's attributes.
 */
export class OpenSpans {
  private latest: OpenSpan | undefined;
  private readonly earlier = new WeakMap<EventContext, OpenSpan>();

  add(event: EventContext, span: Span): void {
    if (this.latest !== undefined) this.earlier.set(this.latest.event, this.latest);
    this.latest = { event, span, startedMs: performance.now() };
  }

  /** Removes it. */
  take(event: EventContext): OpenSpan | undefined {
    const { latest } = this;
    if (latest?.event === event) {
      this.latest = undefined;
      return latest;
    }
    const open = this.earlier.get(event);
    if (open !== undefined) this.earlier.delete(event);
    return open;
  }
}
