import { isObservable, lastValueFrom } from 'rxjs';

/** Waits for a promise, and for the last value of an Observable, which has to be subscribed to do anything. */
export async function settle(result: unknown): Promise<void> {
  const value = await result;
  if (isObservable(value)) await lastValueFrom(value, { defaultValue: undefined });
}

/** Whether there is anything to wait for. */
export function isPending(result: unknown): boolean {
  return isObservable(result) || isThenable(result);
}

function isThenable(value: unknown): boolean {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as PromiseLike<unknown>).then === 'function'
  );
}
