/** Calls of which one may never end. */
export interface WatchedCalls {
  /** From when on a call is worth a warning, in milliseconds. */
  readonly stuckAfterMs: number | false;
  /**
   * Warns of the oldest call where it has run for so long. Must not throw.
   * @returns whether anything runs
   */
  look(nowMs: number): boolean;
}

/** Looked at ten times until a call counts as stuck, within these bounds. */
const LOOKS = 10;
const MIN_PERIOD_MS = 10;
const MAX_PERIOD_MS = 1_000;

/**
 * Looks now and then at what runs, with one timer for a whole bus, and with none while nothing runs. It keeps no process
 * alive.
 */
export class StuckWatch {
  private readonly busy = new Set<WatchedCalls>();
  private timer: NodeJS.Timeout | undefined;
  private periodMs = Infinity;
  private isClosed = false;

  /** Something runs, where nothing did before. */
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
