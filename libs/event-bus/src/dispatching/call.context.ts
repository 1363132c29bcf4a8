import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';

/**
 * Where `enterWith()` of an AsyncLocalStorage writes into the resource that is being executed, as Node does up to version 22,
 * it stays there for whoever enters that resource next. Later versions keep the stores beside the resources, and restore them.
 */
const STORES_STICK = '_propagate' in AsyncLocalStorage.prototype;

/** So that no garbage collection has to see to the many of them. */
const OPTIONS = { requireManualDestroy: true } as const;

/**
 * Runs each call in an asynchronous context of its own, derived from the one that was last captured: what a call enters into an
 * AsyncLocalStorage reaches what it starts itself, and neither the next call nor whoever happened to cause this one.
 */
export class CallContext {
  private origin = new AsyncResource('EventBus');

  /** From now on calls derive from the context of this moment. */
  capture(): void {
    this.origin = new AsyncResource('EventBus');
  }

  /** Two arguments, so that nobody makes a closure for each event. */
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
