import type { Gap } from '../index.js';

/** What is older is forgotten, so that a process with endless gaps does not grow. */
export const MAX_REMEMBERED_GAPS = 1_000;

/** When the latest gaps of one bus were reported. */
export class GapRecord {
  private readonly gaps: { readonly atMs: number; readonly missed: number }[] = [];

  add({ missed = 0 }: Pick<Gap, 'missed'>): void {
    this.gaps.push({ atMs: performance.now(), missed });
    if (this.gaps.length > MAX_REMEMBERED_GAPS) this.gaps.shift();
  }

  /** How many there were in the last milliseconds, and how many events are certainly missing. */
  within(ms: number): { readonly count: number; readonly missed: number } {
    const sinceMs = performance.now() - ms;
    const recent = this.gaps.filter(({ atMs }) => atMs >= sinceMs);
    return { count: recent.length, missed: recent.reduce((sum, { missed }) => sum + missed, 0) };
  }
}
