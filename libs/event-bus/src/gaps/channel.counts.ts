import type { ClockMember } from './eviction.clock.js';

/** The last number seen of one publisher on one channel. */
export interface SeenCount extends ClockMember {
  readonly counts: ChannelCounts;
  readonly publisher: string;
  sequence: number;
  /** performance.now() at that time. */
  seenMs: number;
}

/** The counts of one channel's publishers. Part of the tracker, and changed only by it. */
export class ChannelCounts {
  /** performance.now() when one of its counts was evicted while its publisher was alive. */
  lostMs = -Infinity;
  /** performance.now() before which a restarted count is not reported again. */
  toldUntilMs = -Infinity;
  private readonly publishers = new Map<string, SeenCount>();

  constructor(readonly channel: string) {}

  get size(): number {
    return this.publishers.size;
  }

  get(publisher: string): SeenCount | undefined {
    return this.publishers.get(publisher);
  }

  values(): Iterable<SeenCount> {
    return this.publishers.values();
  }

  add(count: SeenCount): void {
    this.publishers.set(count.publisher, count);
  }

  remove({ publisher }: SeenCount): void {
    this.publishers.delete(publisher);
  }

  /** The oldest count that was not used since it was last asked for. Undefined if there is none. */
  leastUsed(): SeenCount | undefined {
    for (const [publisher, count] of this.publishers) {
      if (!count.wasUsed) return count;
      // Spared once: it moves to the end, which this loop reaches as well.
      count.wasUsed = false;
      this.publishers.delete(publisher);
      this.publishers.set(publisher, count);
    }
    return undefined;
  }
}
