import type { EventStamp } from '../message/event.codec.js';
import { ChannelCounts } from './channel.counts.js';
import type { SeenCount } from './channel.counts.js';
import { EvictionClock } from './eviction.clock.js';

/** A map that is keyed by what strangers send has to end somewhere: 10,000 counts are about 5 MB. */
const MAX_COUNTS = 10_000;
/** Each count keeps both names: ours have 14 characters, and Redis takes channels of 512 MB. */
const MAX_NAME_LENGTH = 1_024;
/**
 * More than one publisher sends to one channel in a millisecond. A number that is further away than the time since the last one
 * explains was not counted to.
 */
const MAX_PER_MS = 1_000;
/** An event may have waited for this process as long before it was seen: Redis closes a subscriber that reads nothing for 60 s. */
const GRACE_MS = 60_000;
/** An event that comes again, through another subscription, is at most so many numbers behind. */
const MAX_LAG = 10_000;
/** When the table is full, a channel with more counts than this pays for its own new ones … */
const OWN_SHARE = 4;
/** … and one with more than this for those of other channels. */
const FAIR_SHARE = 100;
/** A publisher that was silent for longer has probably ended, and its count is nobody's loss. */
const LIVE_MS = 60 * 60_000;
/** A channel's counts that begin anew are told of once in this time. */
const RESTART_EPISODE_MS = 60_000;

/** Numbers that did not come between two that did. */
export interface Hole {
  readonly channel: string;
  /** How many events are missing. Undefined where the numbers jumped so that nobody counted to them: a new count has begun. */
  readonly missed: number | undefined;
  /** When the last event before the hole came, by the clock of {@link SequenceTracker.observe}. */
  readonly fromMs: number;
}

/**
 * Watches the numbers that publishers give their events, and tells where some are missing. Knows the 10,000 counts of a
 * publisher on a channel that were seen last; one that comes back after that, as one that is new, begins from what
 * it shows first. Many publishers of one channel push out each other, and not those of other channels.
 */
export class SequenceTracker {
  private readonly channels = new Map<string, ChannelCounts>();
  /** Those with more than their fair share: few, by its size. */
  private readonly crowded = new Set<ChannelCounts>();
  private readonly clock = new EvictionClock<SeenCount>(MAX_COUNTS);
  private unsequenced = 0;
  /** performance.now() when a live count went whose channel is not known any more. */
  private channelLostMs = -Infinity;

  /** Events without a number so far. */
  get unsequencedEvents(): number {
    return this.unsequenced;
  }

  /** Counts that are watched. */
  get size(): number {
    return this.clock.size;
  }

  /** An event came in at `nowMs`, by a clock that is never set; the same one may come again, through another subscription. */
  observe(channel: string, stamp: EventStamp | undefined, nowMs: number): Hole | undefined {
    if (stamp === undefined || !Number.isSafeInteger(stamp.sequence)) {
      this.unsequenced += 1;
      return undefined;
    }
    const counts = this.channels.get(channel);
    const count = counts?.get(stamp.publisher);
    if (counts === undefined || count === undefined) {
      this.begin(channel, counts, stamp, nowMs);
      return undefined;
    }
    count.wasUsed = true;
    const { sequence, seenMs } = count;
    const isBehind = stamp.sequence <= sequence;
    if (isBehind && sequence - stamp.sequence <= MAX_LAG) return undefined;
    count.sequence = stamp.sequence;
    count.seenMs = nowMs;
    const missed = stamp.sequence - sequence - 1;
    if (missed === 0) return undefined;
    if (!isBehind && missed <= MAX_PER_MS * (Math.max(0, nowMs - seenMs) + GRACE_MS))
      return { channel, missed, fromMs: seenMs };
    if (nowMs < counts.toldUntilMs) return undefined;
    counts.toldUntilMs = nowMs + RESTART_EPISODE_MS;
    return { channel, missed: undefined, fromMs: seenMs };
  }

  /** Whether a count on one of these channels had to go while its publisher was alive: what it misses, nobody counts. */
  isBlind(matches: (channel: string) => boolean, nowMs: number): boolean {
    const isRecent = (ms: number) => Math.abs(nowMs - ms) < LIVE_MS;
    if (isRecent(this.channelLostMs)) return true;
    for (const counts of this.channels.values())
      if (isRecent(counts.lostMs) && matches(counts.channel)) return true;
    return false;
  }

  /** Forgets the counts on these channels: their subscription was given up, and what is missed there is nobody's loss. */
  forget(matches: (channel: string) => boolean): void {
    for (const [channel, counts] of this.channels) {
      if (!matches(channel)) continue;
      for (const count of counts.values()) this.clock.remove(count);
      this.channels.delete(channel);
      this.crowded.delete(counts);
    }
  }

  private begin(
    channel: string,
    known: ChannelCounts | undefined,
    { publisher, sequence }: EventStamp,
    seenMs: number,
  ): void {
    if (publisher.length > MAX_NAME_LENGTH || channel.length > MAX_NAME_LENGTH) {
      this.unsequenced += 1;
      return;
    }
    const counts = known ?? new ChannelCounts(channel);
    const count: SeenCount = { counts, publisher, sequence, seenMs, wasUsed: false, slot: 0 };
    if (this.clock.size >= MAX_COUNTS) {
      const payer = counts.size > OWN_SHARE ? counts : this.mostCrowded();
      const evicted = payer?.leastUsed();
      if (evicted !== undefined) {
        this.clock.remove(evicted);
        this.drop(evicted, seenMs);
      }
    }
    const evicted = this.clock.add(count);
    if (evicted !== undefined) this.drop(evicted, seenMs);
    this.channels.set(channel, counts);
    counts.add(count);
    if (counts.size > FAIR_SHARE) this.crowded.add(counts);
  }

  private drop(count: SeenCount, nowMs: number): void {
    const { counts, seenMs } = count;
    counts.remove(count);
    const wasLive = nowMs - seenMs < LIVE_MS;
    if (wasLive) counts.lostMs = nowMs;
    if (counts.size <= FAIR_SHARE) this.crowded.delete(counts);
    if (counts.size > 0) return;
    this.channels.delete(counts.channel);
    if (wasLive) this.channelLostMs = nowMs;
  }

  private mostCrowded(): ChannelCounts | undefined {
    let most: ChannelCounts | undefined;
    for (const counts of this.crowded) if (most === undefined || counts.size > most.size) most = counts;
    return most;
  }
}
