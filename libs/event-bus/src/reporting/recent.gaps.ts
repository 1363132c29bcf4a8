import type { GapFact } from '../observing/observer.facts.js';
import type { ReportedGap } from './report.js';

/** More gaps between two reports are counted only. */
const MAX_GAPS = 20;
const MAX_TARGETS = 20;

/** The latest gaps that were not reported yet. */
export class RecentGaps {
  private gaps: ReportedGap[] = [];
  private forgotten = 0;

  add({ reason, targets, fromMs, toMs, missed }: GapFact): void {
    const known = missed === undefined ? {} : { missed };
    this.gaps.push({ reason, targets: targets.slice(0, MAX_TARGETS), fromMs, toMs, ...known });
    if (this.gaps.length <= MAX_GAPS) return;
    this.gaps.shift();
    this.forgotten += 1;
  }

  /** Those since the last call, and how many there were before them. */
  take(): { readonly gaps: readonly ReportedGap[]; readonly leftOut: number } {
    const { gaps, forgotten } = this;
    this.gaps = [];
    this.forgotten = 0;
    return { gaps, leftOut: forgotten };
  }
}
