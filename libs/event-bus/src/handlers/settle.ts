import type { Observable, Subscription } from 'rxjs';
import { isObservable } from 'rxjs';
import { isThenable, toPromise } from '../foreign.js';

/** Waits for a promise, and for the last value of an Observable, which runs only when it is subscribed to. */
export async function settle(result: unknown): Promise<void> {
  await settled(await result);
}

/**
 * What to wait for in the result of a method. Undefined if it is done already.
 * @throws what a property of the result throws
 */
export function pendingIn(result: unknown): Promise<void> | undefined {
  if (result === undefined || result === null) return undefined;
  // Without a closure or an async function: every event of an asynchronous handler passes here.
  if (isPlainPromise(result)) return result.then(settled);
  return isObservable(result) || isThenable(result) ? settle(result) : undefined;
}

/** The same for callers without Observables. */
export function pendingPromiseIn(result: unknown): Promise<void> | undefined {
  if (result === undefined || result === null) return undefined;
  if (isPlainPromise(result)) return result.then(nothing);
  return isThenable(result) ? toPromise(result).then(nothing) : undefined;
}

/** Resolves with the last value of an Observable, or with undefined if it has none. */
export function lastValueOf(source: Observable<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let last: unknown;
    let subscription: Subscription | undefined;
    const end = () => {
      try {
        // Unsubscribes here: otherwise an error of the teardown would reach the emitter later.
        subscription?.unsubscribe();
        resolve(last);
      } catch (error) {
        reject(error as Error);
      }
    };
    subscription = source.subscribe({
      next: (value) => {
        last = value;
      },
      error: (error: unknown) => {
        reject(error as Error);
        end();
      },
      complete: end,
    });
  });
}

/** A native promise with its original `then`: that of a subclass may do anything. */
function isPlainPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise && value.constructor === Promise && value.then === Promise.prototype.then;
}

function settled(value: unknown): undefined | Promise<void> {
  if (!isObservable(value)) return undefined;
  return lastValueOf(value).then(nothing);
}

function nothing(): void {}
