import type { Report } from '../../reporting/report.js';

export interface Rates {
  readonly publishedPerSecond: number;
  readonly handledPerSecond: number;
}

/** Reports after a gap or a change of state may come at once: rates are those of about a second. */
const MIN_PERIOD_MS = 900;

/** Events per second of one instance: the difference of two of its reports, by its own clock. */
export class RateMeter {
  private since: Report | undefined;
  private latest: Rates | undefined;

  /** Undefined until two reports are far enough apart. */
  get rates(): Rates | undefined {
    return this.latest;
  }

  take(report: Report): void {
    const { since } = this;
    const periodMs = since === undefined ? 0 : report.atMs - since.atMs;
    if (since !== undefined && periodMs >= 0 && periodMs < MIN_PERIOD_MS) return;
    this.since = report;
    if (since === undefined) return;
    const perSecond = (name: 'published' | 'handled') =>
      ((report.counters[name] - since.counters[name]) * 1_000) / periodMs;
    const rates = { publishedPerSecond: perSecond('published'), handledPerSecond: perSecond('handled') };
    // Its clock was set back, or its numbers make no sense.
    const isSound = periodMs > 0 && Object.values(rates).every((rate) => Number.isFinite(rate) && rate >= 0);
    this.latest = isSound ? rates : undefined;
  }
}
