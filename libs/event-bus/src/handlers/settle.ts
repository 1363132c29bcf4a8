import type { Observable, Subscription } from 'rxjs';
import { isObservable } from 'rxjs';
import { isThenable, toPromise } from '../foreign.js';

/** Waits for a promise, and for the last value of an Observable, which runs only when it is subscribed to. */
export async function settle(result: unknown): Promise<void> {
  await restOf(await result);
}

/**
 * What to wait for in the result of a method, as a native promise, and then {@link restOf} its result. Undefined if it is done
 * already. A promise of the method is returned unchanged: every event of an asynchronous handler passes here.
 * @throws what a property of the result throws
 */
export function pendingIn(result: unknown): Promise<unknown> | undefined {
  if (result === undefined || result === null) return undefined;
  if (isPlainPromise(result)) return result;
  return isThenable(result) ? settle(result) : restOf(result);
}

/** The same for callers without Observables, who need no {@link restOf}. */
export function pendingPromiseIn(result: unknown): Promise<unknown> | undefined {
  if (result === undefined || result === null) return undefined;
  if (isPlainPromise(result)) return result;
  return isThenable(result) ? toPromise(result) : undefined;
}

/** What is left to wait for in what a promise resolved with: an Observable. @throws what a property of it throws */
export function restOf(value: unknown): Promise<void> | undefined {
  return isObservable(value) ? lastValueOf(value).then(nothing) : undefined;
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

function nothing(): void {}
