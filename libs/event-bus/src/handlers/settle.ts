import type { Observable } from 'rxjs';
import { isObservable, lastValueFrom } from 'rxjs';

/** Waits for a promise, and for the last value of an Observable, which has to be subscribed to do anything. */
export async function settle(result: unknown): Promise<void> {
  await settled(await result);
}

/** What there is to wait for in what a method returned. Undefined when it is done already. */
export function pendingIn(result: unknown): Promise<void> | undefined {
  if (result === undefined || result === null) return undefined;
  // Neither a closure nor an async function: every event of an asynchronous handler comes this way.
  if (result instanceof Promise) return result.then(settled);
  return isObservable(result) || isThenable(result) ? settle(result) : undefined;
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as PromiseLike<unknown>).then === 'function'
  );
}

function settled(value: unknown): undefined | Promise<void> {
  if (!isObservable(value)) return undefined;
  return lastValueFrom(value as Observable<void>, { defaultValue: undefined });
}
