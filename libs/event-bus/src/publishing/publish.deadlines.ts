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
  /** performance.now() when the timeout passes. */
  readonly dueMs: number;
  /** Undefined once it is removed, or has expired. */
  queue: DeadlineQueue | undefined;
  previous: Deadline | undefined;
  next: Deadline | undefined;
}

/**
 * Expires what has timed out, with one timer for all that have the same timeout: most are removed long before, and a timer
 * for each would cost more than the rest of a publish.
 */
export class PublishDeadlines {
  /** By how much of their timeout was left. */
  private readonly queues = new Map<number, DeadlineQueue>();
  private removals = 0;

  /** Expires it once, unless it is removed first. @param elapsedMs the part of its timeout that has passed */
  add(timeoutMs: number, waiting: Expiring, elapsedMs = 0): Deadline {
    const waitMs = timeoutMs - elapsedMs;
    let queue = this.queues.get(waitMs);
    if (queue === undefined) {
      queue = new DeadlineQueue(waitMs);
      this.queues.set(waitMs, queue);
      this.checkIn(waitMs, queue);
    }
    const dueMs = performance.now() + waitMs;
    const deadline = { waiting, timeoutMs, dueMs, queue, previous: queue.last, next: undefined };
    queue.append(deadline);
    return deadline;
  }

  /** The timer stays for the next one. It does not keep the process alive. */
  remove(deadline: Deadline): void {
    if (deadline.queue === undefined) return;
    deadline.queue.remove(deadline);
    this.removals += 1;
  }

  private checkIn(delayMs: number, queue: DeadlineQueue): void {
    setTimeout(() => this.check(queue), delayMs).unref();
  }

  private check(queue: DeadlineQueue): void {
    const { first } = queue;
    if (first === undefined) {
      this.queues.delete(queue.waitMs);
      return;
    }
    const nowMs = performance.now();
    const inMs = Math.ceil(first.dueMs - nowMs);
    if (inMs > 0) this.checkIn(inMs, queue);
    else this.afterAnswers(MAX_GRACE_TURNS, () => this.expireUntil(nowMs, queue));
  }

  /** Replies may have arrived while the event loop was blocked. */
  private afterAnswers(turns: number, act: () => void): void {
    const { removals } = this;
    afterGraceTurn(() => {
      if (this.removals === removals || turns === 1) act();
      else this.afterAnswers(turns - 1, act);
    });
  }

  private expireUntil(nowMs: number, queue: DeadlineQueue): void {
    for (let next = queue.first; next !== undefined && next.dueMs <= nowMs; next = queue.first) {
      queue.remove(next);
      next.waiting.expire(next.timeoutMs);
    }
    this.check(queue);
  }
}

/** Deadlines of one timeout, in the order in which they are due. A list: each publish adds one and removes it. */
class DeadlineQueue {
  first: Deadline | undefined;
  last: Deadline | undefined;

  constructor(readonly waitMs: number) {}

  append(deadline: Deadline): void {
    if (this.last === undefined) this.first = deadline;
    else this.last.next = deadline;
    this.last = deadline;
  }

  remove(deadline: Deadline): void {
    const { previous, next } = deadline;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.last = previous;
    else next.previous = previous;
    deadline.queue = undefined;
    deadline.previous = undefined;
    deadline.next = undefined;
  }
}
