import type { EventStamp } from '../message/event.codec.js';
import { EvictionClock } from './eviction.clock.js';
import type { ClockMember } from './eviction.clock.js';

/** A map that is keyed by what strangers send has to end somewhere: 10,000 counts are about 5 MB. */
const MAX_COUNTS = 10_000;

/** Numbers that did not come between two that did. */
export interface Hole {
  readonly channel: string;
  /** How many events are missing. */
  readonly missed: number;
  /** When the last event before the hole came, in milliseconds since the epoch. */
  readonly fromMs: number;
}

/** How far one publisher's count on one channel was seen. */
interface SeenCount extends ClockMember {
  readonly channel: string;
  readonly publisher: string;
  sequence: number;
  seenMs: number;
}

/**
 * Watches the numbers that publishers give their events, and tells where some are missing. Knows the 10,000 counts of a
 * publisher on a channel that were seen last; one that comes back after that, as one that is new, begins from what
 * it shows first.
 */
export class SequenceTracker {
  private readonly counts = new Map<string, Map<string, SeenCount>>();
  private readonly clock = new EvictionClock<SeenCount>(MAX_COUNTS);
  private unsequenced = 0;

  /** Events without a number so far. */
  get unsequencedEvents(): number {
    return this.unsequenced;
  }

  /** Counts that are watched. */
  get size(): number {
    return this.clock.size;
  }

  get isEmpty(): boolean {
    return this.clock.size === 0;
  }

  /** An event came in at `nowMs` (Date.now()); the same one may come again, through another subscription. */
  observe(channel: string, stamp: EventStamp | undefined, nowMs: number): Hole | undefined {
    if (stamp === undefined) {
      this.unsequenced += 1;
      return undefined;
    }
    const count = this.counts.get(channel)?.get(stamp.publisher);
    if (count === undefined) {
      this.begin(channel, stamp, nowMs);
      return undefined;
    }
    count.wasUsed = true;
    const { sequence, seenMs } = count;
    if (stamp.sequence <= sequence) return undefined;
    count.sequence = stamp.sequence;
    count.seenMs = nowMs;
    const missed = stamp.sequence - sequence - 1;
    return missed === 0 ? undefined : { channel, missed, fromMs: seenMs };
  }

  /** Forgets the counts on these channels: their subscription was given up, and what is missed there is nobody's loss. */
  forget(matches: (channel: string) => boolean): void {
    for (const [channel, publishers] of this.counts) {
      if (!matches(channel)) continue;
      for (const count of publishers.values()) this.clock.remove(count);
      this.counts.delete(channel);
    }
  }

  private begin(channel: string, { publisher, sequence }: EventStamp, seenMs: number): void {
    const count: SeenCount = { channel, publisher, sequence, seenMs, wasUsed: false, slot: 0 };
    const evicted = this.clock.add(count);
    if (evicted !== undefined) this.drop(evicted);
    const publishers = this.counts.get(channel);
    if (publishers === undefined) this.counts.set(channel, new Map([[publisher, count]]));
    else publishers.set(publisher, count);
  }

  private drop({ channel, publisher }: SeenCount): void {
    const publishers = this.counts.get(channel);
    publishers?.delete(publisher);
    if (publishers?.size === 0) this.counts.delete(channel);
  }
}
