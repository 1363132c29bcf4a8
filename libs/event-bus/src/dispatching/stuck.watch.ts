/** Calls that may never end. */
export interface WatchedCalls {
  /** How long a call may run before a warning, in milliseconds. */
  readonly stuckAfterMs: number | false;
  /**
   * Warns if the oldest call has run for that long. Must not throw.
   * @returns whether any call is running
   */
  look(nowMs: number): boolean;
}

/** How many looks it takes until a call counts as stuck, and the bounds of the period. */
const LOOKS = 10;
const MIN_PERIOD_MS = 10;
const MAX_PERIOD_MS = 1_000;

/**
 * Checks running calls periodically, with one timer for a whole bus, and with none while nothing is running. It does not keep
 * the process alive.
 */
export class StuckWatch {
  private readonly busy = new Set<WatchedCalls>();
  private timer: NodeJS.Timeout | undefined;
  private periodMs = Infinity;
  private isClosed = false;

  /** The first call started after none was running. */
  begun(calls: WatchedCalls): void {
    if (calls.stuckAfterMs === false || this.isClosed) return;
    this.busy.add(calls);
    const periodMs = periodOf(calls.stuckAfterMs);
    if (periodMs < this.periodMs) this.arm(periodMs);
  }

  /** Idempotent. */
  close(): void {
    this.isClosed = true;
    this.busy.clear();
    clearTimeout(this.timer);
  }

  private arm(periodMs: number): void {
    clearTimeout(this.timer);
    this.periodMs = periodMs;
    this.timer = setTimeout(() => this.look(), periodMs);
    this.timer.unref();
  }

  private look(): void {
    const nowMs = performance.now();
    this.periodMs = Infinity;
    let periodMs = Infinity;
    for (const calls of this.busy) {
      if (!calls.look(nowMs)) this.busy.delete(calls);
      else periodMs = Math.min(periodMs, periodOf(calls.stuckAfterMs as number));
    }
    if (periodMs < this.periodMs && !this.isClosed) this.arm(periodMs);
  }
}

function periodOf(stuckAfterMs: number): number {
  return Math.min(MAX_PERIOD_MS, Math.max(MIN_PERIOD_MS, Math.ceil(stuckAfterMs / LOOKS)));
}
