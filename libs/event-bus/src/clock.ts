/**
 * Times are told by the wall clock, which may be set, also back, at any time. What is measured is measured by performance.now(),
 * in moments: an hour that is set back in the middle of a loss must not take the loss away.
 */

/** A stretch of time, in milliseconds since the epoch. */
export interface TimeWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** From a moment to now, by what the wall clock says now: as long as it really was. */
export function windowSince(momentMs: number): TimeWindow {
  const toMs = Date.now();
  return { fromMs: toMs - Math.round(performance.now() - momentMs), toMs };
}

/** When a moment was, by what the wall clock says now. */
export function stampOf(momentMs: number): number {
  return windowSince(momentMs).fromMs;
}

/** The moment of a time that the wall clock has just told, or told before without having been set since. */
export function momentOf(stampMs: number): number {
  return performance.now() - (Date.now() - stampMs);
}
