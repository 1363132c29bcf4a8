import { setTimeout as delay } from 'node:timers/promises';

/** What takes longer does not come any more: only a contender that is lost is waited for that long. */
const PATIENCE_MS = 3_000;

/** Resolves with what the promise does, or with undefined when it takes too long or rejects. */
export async function inTime<T>(promise: Promise<T>, timeoutMs = PATIENCE_MS): Promise<T | undefined> {
  const stop = new AbortController();
  const expired = delay(timeoutMs, undefined, { signal: stop.signal }).catch(() => undefined);
  try {
    return await Promise.race([promise.catch(() => undefined), expired]);
  } finally {
    stop.abort();
  }
}
