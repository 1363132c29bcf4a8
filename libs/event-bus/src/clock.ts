/**
 * Reported times come from the wall clock, which may be set at any time, also back. Durations are measured with
 * performance.now(), in moments: if the clock is set back during a loss, the loss must still be reported.
 */

/** A period of time, in milliseconds since the epoch. */
export interface TimeWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** From a moment until now by the wall clock, with the real duration. */
export function windowSince(momentMs: number): TimeWindow {
  const toMs = Date.now();
  return { fromMs: toMs - Math.round(performance.now() - momentMs), toMs };
}

/** When a moment was, by the current wall clock. */
export function stampOf(momentMs: number): number {
  return windowSince(momentMs).fromMs;
}

/** The moment of a wall-clock time, if the clock has not been set since. */
export function momentOf(stampMs: number): number {
  return performance.now() - (Date.now() - stampMs);
}
