import { setImmediate } from './transports/real.time.js';

/** A timer that is this late was delayed by a blocked event loop. */
const BLOCKED_MS = 20;

/** A running time limit. */
export interface RunningDeadline {
  /** Starts the whole time again. */
  restart(): void;
  /** Ends the deadline without expiring it. Idempotent. */
  cancel(): void;
}

/**
 * Calls `expire` once when the time has passed, unless it is cancelled first. Time in which the event loop was blocked does not
 * count, since nothing could arrive in it, and data that has arrived by the end is read first.
 */
export function startDeadline(timeoutMs: number, expire: () => void): RunningDeadline {
  let timer: NodeJS.Timeout | undefined;
  /** Callbacks of earlier rounds do nothing. */
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

/** Rejects with `late()` unless the promise settles first. The promise itself continues. */
export async function withDeadline<T>(promise: Promise<T>, timeoutMs: number, late: () => Error): Promise<T> {
  let deadline: RunningDeadline | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    deadline = startDeadline(timeoutMs, () => reject(late()));
  });
  // It may reject after its deadline, when nothing else handles that.
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    deadline?.cancel();
  }
}

/**
 * Two turns of the event loop read the pending data of sockets: data that arrived while the loop was blocked is handled before
 * `act`.
 */
export function afterGraceTurn(act: () => void): void {
  setImmediate(() => setImmediate(act));
}
