import { randomInt } from 'node:crypto';
import { EvictionClock } from '../gaps/eviction.clock.js';
import type { ClockMember } from '../gaps/eviction.clock.js';
import type { EventStamp } from '../message/event.codec.js';
import type { OutgoingMessage } from '../transports/event.transport.js';

/** A process may publish to one channel per customer: 10,000 counts are about 2 MB. */
const MAX_COUNTS = 10_000;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
/** 36^10 ids: two publishers with the same id would look like one whose numbers jump. */
const BASE_LENGTH = 10;

type Kind = OutgoingMessage['kind'];

interface Count extends ClockMember {
  readonly kind: Kind;
  readonly channel: string;
  readonly publisher: string;
  sequence: number;
}

/**
 * Numbers a publisher's events, 1, 2, 3 … for each channel and kind. Keeps the counts of the 10,000 channels that were used
 * last; a channel that is used again after that starts a new count, with a new publisher id: `x7k2m9qd4t.1f`.
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

  /** Takes the next number on the channel. Call it when the event is sent. */
  next(kind: Kind, channel: string): EventStamp {
    const known = this.counts[kind].get(channel);
    if (known !== undefined) known.wasUsed = true;
    const count = known ?? this.begin(kind, channel);
    count.sequence += 1;
    return { publisher: count.publisher, sequence: count.sequence };
  }

  /** An event with this publisher id was not delivered: the next event on the channel starts a new count. */
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
