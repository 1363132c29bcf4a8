import { afterGraceTurn } from '../deadline.js';

/** So often one grace turn follows another, as long as each brings answers: after a long block many wait. */
const MAX_GRACE_TURNS = 50;

/** What is to be done within a time. */
export interface Deadline {
  readonly timeoutMs: number;
  /** performance.now() when its time is over. */
  readonly dueMs: number;
  /** Called then, unless it was removed before. */
  expire(): void;
}

/**
 * Tells what is not over in time, with one timer for all that have the same time: most are over long before, and a timer for
 * each would cost more than all the rest of a publish.
 */
export class PublishDeadlines {
  /** By their time, in the order in which they are due. */
  private readonly queues = new Map<number, Set<Deadline>>();
  private removals = 0;

  /** @returns what {@link remove} takes. */
  add(timeoutMs: number, expire: () => void): Deadline {
    const deadline = { timeoutMs, dueMs: performance.now() + timeoutMs, expire };
    const queue = this.queues.get(timeoutMs);
    if (queue !== undefined) {
      queue.add(deadline);
    } else {
      this.queues.set(timeoutMs, new Set([deadline]));
      this.checkIn(timeoutMs, timeoutMs);
    }
    return deadline;
  }

  /** The timer stays for the next one. It keeps no process alive. */
  remove(deadline: Deadline): void {
    if (this.queues.get(deadline.timeoutMs)?.delete(deadline)) this.removals += 1;
  }

  private checkIn(delayMs: number, timeoutMs: number): void {
    setTimeout(() => this.check(timeoutMs), delayMs).unref();
  }

  private check(timeoutMs: number): void {
    const [next] = this.queues.get(timeoutMs) ?? [];
    if (next === undefined) {
      this.queues.delete(timeoutMs);
      return;
    }
    const nowMs = performance.now();
    const inMs = Math.ceil(next.dueMs - nowMs);
    if (inMs > 0) this.checkIn(inMs, timeoutMs);
    else this.afterAnswers(MAX_GRACE_TURNS, () => this.expireUntil(nowMs, timeoutMs));
  }

  /** The answers may have come while the event loop was blocked. */
  private afterAnswers(turns: number, act: () => void): void {
    const { removals } = this;
    afterGraceTurn(() => {
      if (this.removals === removals || turns === 1) act();
      else this.afterAnswers(turns - 1, act);
    });
  }

  private expireUntil(nowMs: number, timeoutMs: number): void {
    const queue = this.queues.get(timeoutMs) ?? new Set();
    for (const deadline of queue) {
      if (deadline.dueMs > nowMs) break;
      queue.delete(deadline);
      deadline.expire();
    }
    this.check(timeoutMs);
  }
}
