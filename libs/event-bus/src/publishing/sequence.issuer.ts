import { randomInt } from 'node:crypto';
import { EvictionClock } from '../gaps/eviction.clock.js';
import type { ClockMember } from '../gaps/eviction.clock.js';
import type { EventStamp } from '../message/event.codec.js';
import type { OutgoingMessage } from '../transports/event.transport.js';

/** A process may publish to a channel for each of its customers: 10,000 counts are about 2 MB. */
const MAX_COUNTS = 10_000;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
/** 36^10: two publishers of one name would be taken for one, whose numbers jump. */
const BASE_LENGTH = 10;

type Kind = OutgoingMessage['kind'];

interface Count extends ClockMember {
  readonly kind: Kind;
  readonly channel: string;
  readonly publisher: string;
  sequence: number;
}

/**
 * Numbers a publisher's events, 1, 2, 3 … for each channel and kind. Knows the 10,000 channels that were published to
 * last; on one that comes back after that it begins a new count, under a publisher id of its own: `x7k2m9qd4t.1f`.
 */
export class SequenceIssuer {
  private readonly counts: Readonly<Record<Kind, Map<string, Count>>> = {
    channel: new Map(),
    shard: new Map(),
  };
  private readonly clock = new EvictionClock<Count>(MAX_COUNTS);
  private readonly base = Array.from(
    { length: BASE_LENGTH },
    () => ALPHABET[randomInt(ALPHABET.length)],
  ).join('');
  private countsBegun = 0;

  /** Channels that have a count. */
  get size(): number {
    return this.clock.size;
  }

  /** The next number on the channel. It is gone then: to be called when the event leaves. */
  next(kind: Kind, channel: string): EventStamp {
    const known = this.counts[kind].get(channel);
    if (known !== undefined) known.wasUsed = true;
    const count = known ?? this.begin(kind, channel);
    count.sequence += 1;
    return { publisher: count.publisher, sequence: count.sequence };
  }

  /** Nobody will get an event that has a number of this publisher id: what follows on the channel is a new count. */
  end(kind: Kind, channel: string, publisher: string): void {
    const count = this.counts[kind].get(channel);
    if (count?.publisher !== publisher) return;
    this.clock.remove(count);
    this.counts[kind].delete(channel);
  }

  private begin(kind: Kind, channel: string): Count {
    this.countsBegun += 1;
    const publisher = `${this.base}.${this.countsBegun.toString(36)}`;
    const count: Count = { kind, channel, publisher, sequence: 0, wasUsed: false, slot: 0 };
    const evicted = this.clock.add(count);
    if (evicted !== undefined) this.counts[evicted.kind].delete(evicted.channel);
    this.counts[kind].set(channel, count);
    return count;
  }
}
