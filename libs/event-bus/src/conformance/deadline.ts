// From the module, not the globals: deadlines run in real time even with fake timers.
import { clearTimeout, setTimeout } from 'node:timers';
import { setTimeout as delay } from 'node:timers/promises';

/** Only a failing test waits this long. */
const DEADLINE_MS = 10_000;

/** Waits for the promise, and rejects with what is missing when it takes longer than any working transport needs. */
export async function within<T>(missing: string | (() => string), promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const what = typeof missing === 'string' ? missing : missing();
      reject(new Error(`Waited ${DEADLINE_MS} ms for ${what}.`));
    }, DEADLINE_MS);
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** Repeats the check until it does not throw; rejects with its last failure when the time is up. */
export async function eventuallyHolds<T>(check: () => T | Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() - startedAtMs > DEADLINE_MS) throw error;
    }
    await delay(10);
  }
}
