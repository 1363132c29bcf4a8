/**
 * - `connection-lost`: the link to the broker died and is back.
 * - `subscription-lost`: the link lived, and the broker had forgotten a subscription.
 * - `subscription-denied`: the broker denied a subscription for a while.
 * - `started-late`: the application started without its subscriptions (`startup.onFailure: 'retry'`).
 * - `events-missed`: the numbers of a publisher's events have a hole, and no interruption was seen. With `missed` undefined
 *   they jumped so that nobody can have counted to them, and a new count has begun.
 * - `buffer-overflow`: a handler was too slow, and events that waited for it were dropped.
 */
export type GapReason =
  | 'connection-lost'
  | 'subscription-lost'
  | 'subscription-denied'
  | 'started-late'
  | 'events-missed'
  | 'buffer-overflow';

/**
 * A period in which events may have been missed. It is reported after the subscriptions are confirmed again: what arrives from now
 * on is complete.
 */
export interface Gap {
  /** What caused it. */
  readonly reason: GapReason;
  /** The channels, globs and templates that it concerns, without the application's prefix. */
  readonly targets: readonly string[];
  /** The last sign that all was well before, in milliseconds since the epoch, by this process's clock. */
  readonly fromMs: number;
  /** When events arrived again, in milliseconds since the epoch. */
  readonly toMs: number;
  /**
   * How many events no handler of the bus got, as far as their publishers number them (`cloudEvents()`) and it shows by
   * now. What is missing at the end of a channel shows with its next event, as a gap of its own. Undefined when nobody
   * can know, also where counts of its channels had to be forgotten because there were too many.
   */
  readonly missed: number | undefined;
  /** What probably caused it, and what to do about it, for people. */
  readonly hint?: string;
}

/** Two gaps as one: for somebody who could not be told of the first in time. */
export function joinGaps(first: Gap, second: Gap): Gap {
  const hint = first.hint ?? second.hint;
  return {
    reason: first.reason,
    targets: [...new Set([...first.targets, ...second.targets])],
    fromMs: Math.min(first.fromMs, second.fromMs),
    toMs: Math.max(first.toMs, second.toMs),
    missed:
      first.missed === undefined || second.missed === undefined ? undefined : first.missed + second.missed,
    ...(hint === undefined ? {} : { hint }),
  };
}
