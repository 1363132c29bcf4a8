import { afterGraceTurn } from '../deadline.js';

/** So often one grace turn follows another, as long as each brings answers: after a long block many wait. */
const MAX_GRACE_TURNS = 50;

/** Waits for something that is to be done in time. */
export interface Expiring {
  /** Its time is over: so much of it, in milliseconds. */
  expire(timeoutMs: number): void;
}

/** What {@link PublishDeadlines.remove} takes. */
export interface Deadline {
  readonly waiting: Expiring;
  readonly timeoutMs: number;
  /** How much of it was left when it was added. */
  readonly waitMs: number;
  /** performance.now() when its time is over. */
  readonly dueMs: number;
}

/**
 * Tells what is not over in time, with one timer for all that have the same time: most are over long before, and a timer for
 * each would cost more than all the rest of a publish.
 */
export class PublishDeadlines {
  /** By their time, in the order in which they are due. */
  private readonly queues = new Map<number, Set<Deadline>>();
  private removals = 0;

  /** Has it expire once, unless it is removed before. @param elapsedMs so much of its time is over */
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

  /** The timer stays for the next one. It keeps no process alive. */
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

  /** The answers may have come while the event loop was blocked. */
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
