/** Seconds, as those of the conventions for handlers: from 5 ms to 10 s. */
export const DEFAULT_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** One value of a histogram at a scrape. */
export interface HistogramLine {
  /** What is appended to the name of the metric. */
  readonly suffix: '_bucket' | '_sum' | '_count';
  /** The upper bound of a bucket. */
  readonly le?: number | '+Inf';
  readonly value: number;
}

/** Durations in buckets, as plain numbers: to record one costs some comparisons and two additions. */
export class Histogram {
  private readonly boundsMs: readonly number[];
  /** How many fell into each bucket; the last one has no upper bound. */
  private readonly counts: number[];
  private sumMs = 0;

  /** @param bounds in seconds, ascending */
  constructor(private readonly bounds: readonly number[]) {
    this.boundsMs = bounds.map((bound) => bound * 1_000);
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  record(ms: number): void {
    const { boundsMs, counts } = this;
    let bucket = 0;
    while (bucket < boundsMs.length && ms > (boundsMs[bucket] as number)) bucket += 1;
    counts[bucket] = (counts[bucket] as number) + 1;
    this.sumMs += ms;
  }

  /** Buckets hold all that is not above their bound, as Prometheus wants it. */
  lines(): HistogramLine[] {
    let count = 0;
    const buckets = [...this.bounds, '+Inf' as const].map((le, index): HistogramLine => {
      count += this.counts[index] as number;
      return { suffix: '_bucket', le, value: count };
    });
    return [
      ...buckets,
      { suffix: '_sum', value: Math.round(this.sumMs * 1_000) / 1_000_000 },
      { suffix: '_count', value: count },
    ];
  }
}
