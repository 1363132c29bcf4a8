import { isA } from '../foreign.js';

/** A failed call of a handler. Its cause is what was really thrown. */
export abstract class HandlingFailure extends Error {
  abstract override readonly cause: unknown;
  /** A guard or a pipe rejected the event, and would reject it again. */
  abstract readonly isRefusal: boolean;
}

/** The original error, without the wrapper. */
export function thrownIn(error: unknown): unknown {
  return isA(error, HandlingFailure) ? error.cause : error;
}

/** Whether a retry may succeed. */
export function isWorthRepeating(error: unknown): boolean {
  return !(isA(error, HandlingFailure) && error.isRefusal);
}
