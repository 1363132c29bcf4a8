import { afterGraceTurn } from '../deadline.js';

/** The most grace turns in a row, while each brings replies: after a long block many replies are unread. */
const MAX_GRACE_TURNS = 50;

/** Something that has a timeout. */
export interface Expiring {
  /** Its timeout has passed. */
  expire(timeoutMs: number): void;
}

/** What {@link PublishDeadlines.remove} takes. */
export interface Deadline {
  readonly waiting: Expiring;
  readonly timeoutMs: number;
  /** How much of the timeout was left when it was added. */
  readonly waitMs: number;
  /** performance.now() when the timeout passes. */
  readonly dueMs: number;
}

/**
 * Expires what has timed out, with one timer for all that have the same timeout: most are removed long before, and a timer
 * for each would cost more than the rest of a publish.
 */
export class PublishDeadlines {
  /** By their timeout, in the order in which they are due. */
  private readonly queues = new Map<number, Set<Deadline>>();
  private removals = 0;

  /** Expires it once, unless it is removed first. @param elapsedMs the part of its timeout that has passed */
  add(timeoutMs: number, waiting: Expiring, elapsedMs = 0): Deadline {
    const waitMs = timeoutMs - elapsedMs;
    const deadline = { waiting, timeoutMs, waitMs, dueMs: performance.now() + waitMs };
    const queue = this.queues.get(waitMs);
    if (queue !== undefined) {
      queue.add(deadline);
    } else {
      this.queues.set(waitMs, new Set([deadline]));
      this.checkIn(waitMs, waitMs);
    }
    return deadline;
  }

  /** The timer stays for the next one. It does not keep the process alive. */
  remove(deadline: Deadline): void {
    if (this.queues.get(deadline.waitMs)?.delete(deadline)) this.removals += 1;
  }

  private checkIn(delayMs: number, waitMs: number): void {
    setTimeout(() => this.check(waitMs), delayMs).unref();
  }

  private check(waitMs: number): void {
    const [next] = this.queues.get(waitMs) ?? [];
    if (next === undefined) {
      this.queues.delete(waitMs);
      return;
    }
    const nowMs = performance.now();
    const inMs = Math.ceil(next.dueMs - nowMs);
    if (inMs > 0) this.checkIn(inMs, waitMs);
    else this.afterAnswers(MAX_GRACE_TURNS, () => this.expireUntil(nowMs, waitMs));
  }

  /** Replies may have arrived while the event loop was blocked. */
  private afterAnswers(turns: number, act: () => void): void {
    const { removals } = this;
    afterGraceTurn(() => {
      if (this.removals === removals || turns === 1) act();
      else this.afterAnswers(turns - 1, act);
    });
  }

  private expireUntil(nowMs: number, waitMs: number): void {
    const queue = this.queues.get(waitMs) ?? new Set();
    for (const deadline of queue) {
      if (deadline.dueMs > nowMs) break;
      queue.delete(deadline);
      deadline.waiting.expire(deadline.timeoutMs);
    }
    this.check(waitMs);
  }
}
