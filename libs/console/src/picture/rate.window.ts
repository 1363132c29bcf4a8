const KEPT_MS = 60_000;

interface Counted {
  readonly atMs: number;
  readonly coversMs: number;
  readonly amount: number;
}

/** What was counted in the last minute, and how fast it came. */
export class RateWindow {
  private readonly entries: Counted[] = [];

  /** @param coversMs the time in which it was counted, before `atMs` */
  add(atMs: number, amount: number, coversMs: number): void {
    this.entries.push({ atMs, amount, coversMs });
    while ((this.entries[0]?.atMs ?? atMs) < atMs - KEPT_MS) this.entries.shift();
  }

  /** The mean over what was reported in the last milliseconds. 0 if nothing was. */
  perSecond(nowMs: number, lastMs: number): number {
    let amount = 0;
    let coversMs = 0;
    for (const entry of this.since(nowMs - lastMs)) {
      amount += entry.amount;
      coversMs += entry.coversMs;
    }
    return coversMs === 0 ? 0 : (amount * 1_000) / coversMs;
  }

  sum(nowMs: number, lastMs: number = KEPT_MS): number {
    return this.since(nowMs - lastMs).reduce((total, { amount }) => total + amount, 0);
  }

  private since(fromMs: number): readonly Counted[] {
    return this.entries.filter(({ atMs }) => atMs > fromMs);
  }
}
