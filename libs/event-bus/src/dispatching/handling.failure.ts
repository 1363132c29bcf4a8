import { isA } from '../foreign.js';

/** A failed call of a handler, by whoever calls it, with what was really thrown as its cause. */
export abstract class HandlingFailure extends Error {
  abstract override readonly cause: unknown;
  /** A guard or a pipe refused the event, as it would again. */
  abstract readonly isRefusal: boolean;
}

/** What was really thrown. */
export function thrownIn(error: unknown): unknown {
  return isA(error, HandlingFailure) ? error.cause : error;
}

/** Whether another call may go better. */
export function isWorthRepeating(error: unknown): boolean {
  return !(isA(error, HandlingFailure) && error.isRefusal);
}
