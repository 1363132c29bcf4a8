import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';

export interface EventuallyOptions {
  /** @default 5000 */
  readonly timeoutMs?: number;
  /** @default 10 */
  readonly intervalMs?: number;
}

const PENDING = Symbol('pending');

/**
 * Runs an assertion again and again until it holds, and resolves with what it returned. Rejects with its last failure
 * after `timeoutMs`. Runs on real timers under Jest's fake ones too.
 *
 * @example await eventually(() => expect(received).toEqual(['orders:created']));
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  { timeoutMs = 5_000, intervalMs = 10 }: EventuallyOptions = {},
): Promise<T> {
  const stop = new AbortController();
  let expired = false;
  const deadline = delay(timeoutMs, PENDING, { signal: stop.signal }).then(
    (pending) => {
      expired = true;
      return pending;
    },
    () => PENDING,
  );
  let failure: unknown;
  try {
    while (!expired) {
      try {
        const result = await Promise.race([assertion(), deadline]);
        if (result !== PENDING) return result as T;
        failure ??= new Error(`The assertion was still pending after ${timeoutMs} ms.`);
      } catch (error) {
        failure = error;
        await delay(intervalMs);
      }
    }
    throw failure;
  } finally {
    stop.abort();
  }
}

/** Resolves when all that is ready to run has run: pending promises, one round of the event loop's I/O. */
export async function settled(): Promise<void> {
  await turn();
  await turn();
}
