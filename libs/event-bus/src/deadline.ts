import { setImmediate } from './transports/real.time.js';

/** A timer that is this late has waited for a blocked event loop. */
const BLOCKED_MS = 20;

/** Something is to be over in time. */
export interface RunningDeadline {
  /** Gives it the whole time once more. */
  restart(): void;
  /** It is over, or nobody waits for it any more. Idempotent. */
  cancel(): void;
}

/**
 * Calls `expire` once when the time is over, unless it is cancelled before. Time in which the event loop was blocked does not
 * count, since nothing could arrive in it, and what has arrived by the end is read first.
 */
export function startDeadline(timeoutMs: number, expire: () => void): RunningDeadline {
  let timer: NodeJS.Timeout | undefined;
  /** What was started before is void. */
  let round = 0;
  const arm = (delayMs: number, over: (lateMs: number) => void) => {
    const dueMs = performance.now() + delayMs;
    timer = setTimeout(() => over(performance.now() - dueMs), delayMs);
  };
  const cancel = () => {
    round += 1;
    clearTimeout(timer);
  };
  const end = () => {
    const own = round;
    afterGraceTurn(() => {
      if (own === round) expire();
    });
  };
  const restart = () => {
    cancel();
    arm(timeoutMs, (lateMs) => {
      if (lateMs < BLOCKED_MS) end();
      else arm(Math.min(lateMs, timeoutMs), end);
    });
  };
  restart();
  return { restart, cancel };
}

/** Rejects with `late()` unless the promise settles first. The promise itself goes on. */
export async function withDeadline<T>(promise: Promise<T>, timeoutMs: number, late: () => Error): Promise<T> {
  let deadline: RunningDeadline | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    deadline = startDeadline(timeoutMs, () => reject(late()));
  });
  // It may fail after its deadline, when nobody waits for it any more.
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    deadline?.cancel();
  }
}

/** Two turns of the event loop read what waits in the sockets: what came while it was blocked is heard before `act`. */
export function afterGraceTurn(act: () => void): void {
  setImmediate(() => setImmediate(act));
}
