/**
 * - `connection-lost`: the link to the broker was lost and is restored.
 * - `subscription-lost`: the broker lost a subscription although the link was alive.
 * - `subscription-denied`: the broker denied a subscription for some time.
 * - `started-late`: the application started without its subscriptions (`startup.onFailure: 'retry'`).
 * - `events-missed`: numbers of a publisher's events are missing, and no interruption was seen. If `missed` is undefined, the
 *   numbers jumped further than is possible, and counting was restarted.
 * - `buffer-overflow`: a handler was too slow, and pending events were dropped.
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
  /** The affected channels, globs and templates, without the application's prefix. */
  readonly targets: readonly string[];
  /** The last time at which the subscriptions were known to work, in milliseconds since the epoch, by this process's clock. */
  readonly fromMs: number;
  /** When events arrived again, in milliseconds since the epoch. */
  readonly toMs: number;
  /**
   * How many events no handler of the bus received, as far as publishers number them (`cloudEvents()`) and it is known so far.
   * Events that are missing at the end of a channel are found with its next event, and reported as a gap of their own.
   * Undefined if the number cannot be known, for example because counts were dropped when there were too many.
   */
  readonly missed: number | undefined;
  /** The probable cause and what to do about it, in words. */
  readonly hint?: string;
}

/** Joins two gaps for a listener that did not get the first one in time. */
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
