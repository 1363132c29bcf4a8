import { AsyncResource } from 'node:async_hooks';
import type { NestInterceptor } from '@nestjs/common';
import type { ObservableInput } from 'rxjs';
import { Observable, from, isObservable, mergeAll, mergeMap, of } from 'rxjs';
import { isThenable, toPromise } from '../foreign.js';
import type { HandlerArguments } from './handler.arguments.js';
import type { EnhancerHost } from './nest.enhancers.js';
import { rpcContext } from './nest.enhancers.js';
import type { ExecutionContextHost } from './nest.internals.js';

/** The interceptors of one handler, the outermost first. */
export class HandlerInterceptors {
  constructor(
    private readonly interceptors: readonly NestInterceptor[],
    private readonly host: Pick<EnhancerHost, 'instance' | 'method'>,
  ) {}

  /** The result of the call with the interceptors around it; without interceptors, the result of the call itself. */
  around(args: HandlerArguments, call: () => unknown): unknown {
    if (this.interceptors.length === 0) return call();
    return this.enter(0, rpcContext(this.host, args), call);
  }

  private enter(index: number, context: ExecutionContextHost, call: () => unknown): Observable<unknown> {
    const interceptor = this.interceptors[index];
    if (interceptor === undefined) return resultOf(call());
    const next = { handle: () => inThisScope(() => this.enter(index + 1, context, call)) };
    return streamOf(interceptor.intercept(context, next));
  }
}

/**
 * Runs on each subscription, so that an interceptor may repeat the call, and in the asynchronous context in which `handle()`
 * was called: the handler sees the AsyncLocalStorage stores of its interceptors.
 */
function inThisScope(run: () => Observable<unknown>): Observable<unknown> {
  const scope = new AsyncResource('EventHandlerCall');
  return new Observable((subscriber) => {
    let result: Observable<unknown>;
    try {
      result = scope.runInAsyncScope(run);
    } catch (error) {
      subscriber.error(error);
      return undefined;
    }
    return result.subscribe(subscriber);
  });
}

/** The result of `intercept`: a stream, or the promise of one. */
function streamOf(intercepted: unknown): Observable<unknown> {
  return isThenable(intercepted)
    ? from(toPromise(intercepted as PromiseLike<ObservableInput<unknown>>)).pipe(mergeAll())
    : from(intercepted as ObservableInput<unknown>);
}

/** The result of the handler as a stream: an Observable unchanged, anything else as its only value. */
function resultOf(result: unknown): Observable<unknown> {
  if (isObservable(result)) return result;
  return isThenable(result)
    ? from(toPromise(result)).pipe(mergeMap((value) => (isObservable(value) ? value : of(value))))
    : of(result);
}
