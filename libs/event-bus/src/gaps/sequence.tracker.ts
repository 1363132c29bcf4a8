import type { EventStamp } from '../message/event.codec.js';
import { ChannelCounts } from './channel.counts.js';
import type { SeenCount } from './channel.counts.js';
import { EvictionClock } from './eviction.clock.js';

/** Unknown publishers choose the keys of this map, so it needs a limit: 10,000 counts take about 5 MB. */
const MAX_COUNTS = 10_000;
/** Each count keeps both names: ours have 14 characters, and Redis accepts channels of 512 MB. */
const MAX_NAME_LENGTH = 1_024;
/**
 * An upper bound for the events that one publisher sends to one channel in a millisecond. A number further ahead than the
 * elapsed time allows was not reached by counting.
 */
const MAX_PER_MS = 1_000;
/**
 * How long an event may have been pending before this process reads it: Redis closes a subscriber that reads nothing for 60 s.
 */
const GRACE_MS = 60_000;
/** An event that arrives again through another subscription is at most this many numbers behind. */
const MAX_LAG = 10_000;
/** When the table is full, a channel with more counts than this evicts its own for its new ones … */
const OWN_SHARE = 4;
/** … and a channel with more than this also for those of other channels. */
const FAIR_SHARE = 100;
/** A publisher that was silent for longer has probably ended, and its count can go. */
const LIVE_MS = 60 * 60_000;
/** Restarted counts of a channel are reported once in this time. */
const RESTART_EPISODE_MS = 60_000;

/** Missing numbers between two that arrived. */
export interface Hole {
  readonly channel: string;
  /** How many events are missing. Undefined if the numbers jumped further than is possible: a new count has started. */
  readonly missed: number | undefined;
  /** When the last event before the hole arrived, by the clock of {@link SequenceTracker.observe}. */
  readonly fromMs: number;
}

/**
 * Watches the numbers that publishers give their events, and finds missing ones. Keeps the 10,000 most recently seen counts,
 * each of one publisher on one channel. A publisher that returns after eviction is treated as new: its count starts with its
 * next event. Many publishers of one channel evict each other, not those of other channels.
 */
export class SequenceTracker {
  private readonly channels = new Map<string, ChannelCounts>();
  /** The channels with more than their fair share: few, because of its size. */
  private readonly crowded = new Set<ChannelCounts>();
  private readonly clock = new EvictionClock<SeenCount>(MAX_COUNTS);
  private unsequenced = 0;
  /** performance.now() when a live count was evicted whose channel is no longer known. */
  private channelLostMs = -Infinity;

  /** Events without a number so far. */
  get unsequencedEvents(): number {
    return this.unsequenced;
  }

  /** The number of counts. */
  get size(): number {
    return this.clock.size;
  }

  /**
   * An event arrived at `nowMs`, by a clock that is never set. The same event may arrive again through another subscription.
   */
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

  /** Whether a count on one of these channels was evicted while its publisher was alive: its missing events are not counted. */
  isBlind(matches: (channel: string) => boolean, nowMs: number): boolean {
    const isRecent = (ms: number) => Math.abs(nowMs - ms) < LIVE_MS;
    if (isRecent(this.channelLostMs)) return true;
    for (const counts of this.channels.values())
      if (isRecent(counts.lostMs) && matches(counts.channel)) return true;
    return false;
  }

  /** Forgets the counts on these channels: their subscription was given up, so events missed there do not matter. */
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
