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
    this.queues.get(deadline.timeoutMs)?.delete(deadline);
  }

  private checkIn(delayMs: number, timeoutMs: number): void {
    setTimeout(() => this.check(timeoutMs), delayMs).unref();
  }

  private check(timeoutMs: number): void {
    const queue = this.queues.get(timeoutMs) ?? new Set();
    for (const deadline of queue) {
      const inMs = Math.ceil(deadline.dueMs - performance.now());
      if (inMs > 0) return this.checkIn(inMs, timeoutMs);
      queue.delete(deadline);
      deadline.expire();
    }
    this.queues.delete(timeoutMs);
  }
}
