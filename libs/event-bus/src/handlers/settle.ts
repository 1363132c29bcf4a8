import type { Observable, Subscription } from 'rxjs';
import { isObservable } from 'rxjs';
import { isThenable, toPromise } from '../foreign.js';

/** Waits for a promise, and for the last value of an Observable, which has to be subscribed to do anything. */
export async function settle(result: unknown): Promise<void> {
  await settled(await result);
}

/**
 * What there is to wait for in what a method returned. Undefined when it is done already.
 * @throws what a property of it throws
 */
export function pendingIn(result: unknown): Promise<void> | undefined {
  if (result === undefined || result === null) return undefined;
  // Neither a closure nor an async function: every event of an asynchronous handler comes this way.
  if (isPlainPromise(result)) return result.then(settled);
  return isObservable(result) || isThenable(result) ? settle(result) : undefined;
}

/** The same for one who takes no Observables. */
export function pendingPromiseIn(result: unknown): Promise<void> | undefined {
  if (result === undefined || result === null) return undefined;
  if (isPlainPromise(result)) return result.then(nothing);
  return isThenable(result) ? toPromise(result).then(nothing) : undefined;
}

/** Resolves with the last value of an Observable, with undefined where it has none. */
export function lastValueOf(source: Observable<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let last: unknown;
    let subscription: Subscription | undefined;
    const end = () => {
      try {
        // Here, and not behind this call: what its teardown throws would reach whoever emits, in a turn of its own.
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

/** One of the language, with the `then` that it came with: a subclass may have one that does anything. */
function isPlainPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise && value.constructor === Promise && value.then === Promise.prototype.then;
}

function settled(value: unknown): undefined | Promise<void> {
  if (!isObservable(value)) return undefined;
  return lastValueOf(value).then(nothing);
}

function nothing(): void {}
