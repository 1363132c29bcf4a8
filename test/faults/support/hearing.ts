import { eventually } from '../../support/eventually.js';
import type { RunningContender } from './contender.js';
import { inTime } from './patience.js';

/** Longer than any back-off of the bus: what does not happen by then does not happen any more. */
const HEARS_WITHIN_MS = 6_000;

/** Asks again and again until it is true. Resolves with how long that took; with undefined when it never is. */
export async function msUntil(
  isTrue: () => boolean | Promise<boolean>,
  timeoutMs = HEARS_WITHIN_MS,
): Promise<number | undefined> {
  const startedAtMs = performance.now();
  try {
    await eventually(async () => expect(await isTrue()).toBe(true), { timeoutMs });
    return performance.now() - startedAtMs;
  } catch {
    return undefined;
  }
}

/** Resolves with how long it says that it is ready from now on; with undefined when it goes on saying so. */
export function msUntilUnready(service: RunningContender, timeoutMs: number): Promise<number | undefined> {
  const { onUnready } = service;
  if (onUnready === undefined) return msUntil(() => !service.isReady(), timeoutMs);
  const startedAtMs = performance.now();
  const unready = new Promise<number>((resolve) => {
    onUnready(() => resolve(performance.now() - startedAtMs));
  });
  return inTime(unready, timeoutMs);
}

/** Publishes again and again until something new is heard. Resolves as {@link msUntil} does: undefined is deaf. */
export function msUntilHeard(
  publish: () => Promise<unknown>,
  heard: readonly unknown[],
): Promise<number | undefined> {
  const before = heard.length;
  return msUntil(async () => {
    await publish();
    return heard.length > before;
  });
}
