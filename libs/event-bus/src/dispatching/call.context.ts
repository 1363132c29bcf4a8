import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';

/**
 * Up to version 22, Node stores what `enterWith()` of an AsyncLocalStorage enters in the current resource, so that the next
 * call in that resource sees it. Later versions keep the stores outside the resources, and restore them.
 */
const STORES_STICK = '_propagate' in AsyncLocalStorage.prototype;

/** Spares the garbage collector the destroy hooks of many resources. */
const OPTIONS = { requireManualDestroy: true } as const;

/**
 * Runs each call in its own asynchronous context, derived from the one that was last captured. A store that a call enters is
 * seen by what the call starts, but not by the next call, nor by the code that caused this one.
 */
export class CallContext {
  private origin = new AsyncResource('EventBus');

  /** From now on calls derive from the current context. */
  capture(): void {
    this.origin = new AsyncResource('EventBus');
  }

  /** Takes two arguments, so that callers need no closure per event. */
  run<First, Second, Result>(
    call: (first: First, second: Second) => Result,
    first: First,
    second: Second,
  ): Result {
    if (!STORES_STICK) return this.origin.runInAsyncScope(call, undefined, first, second);
    const own = this.origin.runInAsyncScope(newResource);
    try {
      return own.runInAsyncScope(call, undefined, first, second);
    } finally {
      own.emitDestroy();
    }
  }
}

function newResource(): AsyncResource {
  return new AsyncResource('EventBusCall', OPTIONS);
}
