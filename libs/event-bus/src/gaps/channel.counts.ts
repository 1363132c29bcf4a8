import type { ClockMember } from './eviction.clock.js';

/** How far one publisher's count on one channel was seen. */
export interface SeenCount extends ClockMember {
  readonly counts: ChannelCounts;
  readonly publisher: string;
  sequence: number;
  /** performance.now() then. */
  seenMs: number;
}

/** The counts of one channel's publishers. A part of the tracker, which alone changes it. */
export class ChannelCounts {
  /** performance.now() when one of its counts had to go though its publisher was alive. */
  lostMs = -Infinity;
  /** performance.now() before which nobody is told again that a count began anew. */
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

  /** The oldest that was not used since it was last asked for. Undefined where there is none. */
  leastUsed(): SeenCount | undefined {
    for (const [publisher, count] of this.publishers) {
      if (!count.wasUsed) return count;
      // Spared once: it goes behind the others, which this loop comes to as well.
      count.wasUsed = false;
      this.publishers.delete(publisher);
      this.publishers.set(publisher, count);
    }
    return undefined;
  }
}
