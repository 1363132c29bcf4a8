import type { SubscriptionTarget } from '../routing/subscription-target.js';
import { setImmediate } from '../transports/real.time.js';

/** The number of targets to process in one turn of the event loop: a hundred thousand at once would block it. */
export const TARGETS_PER_TURN = 1_000;

/** Starts one slice in each turn, and resolves with all results. */
export async function inTurns<T>(
  targets: readonly SubscriptionTarget[],
  begin: (slice: readonly SubscriptionTarget[]) => Promise<T>,
): Promise<T[]> {
  if (targets.length <= TARGETS_PER_TURN) return [await begin(targets)];
  const begun: Promise<T>[] = [];
  for (let start = 0; start < targets.length; start += TARGETS_PER_TURN) {
    if (start > 0) await nextTurn();
    const slice = begin(targets.slice(start, start + TARGETS_PER_TURN));
    // A failure is reported below, and may occur earlier.
    slice.catch(() => undefined);
    begun.push(slice);
  }
  return Promise.all(begun);
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
