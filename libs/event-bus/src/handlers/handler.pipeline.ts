import type { EventContext } from '../message/event-context.js';
import type { HandlerArgument, HandlerArguments } from './handler.arguments.js';
import { findArguments, isPayloadAndContext } from './handler.arguments.js';
import { HandlerFailure } from './handler.failure.js';
import { HandlerFilters } from './handler.filters.js';
import { HandlerGuards } from './handler.guards.js';
import { HandlerInterceptors } from './handler.interceptors.js';
import type { PipeAttempt } from './handler.pipes.js';
import { HandlerPipes } from './handler.pipes.js';
import { areDeclared } from './declared.arguments.js';
import type { EnhancerHost, Enhancers, HandlerMethod } from './nest.enhancers.js';
import { callMethod } from './nest.enhancers.js';
import type { NestInternals } from './nest.internals.js';
import { pendingIn, restOf } from './settle.js';

/**
 * Calls the method with guards, interceptors, pipes and filters around it. Throws {@link HandlerFailure}. What a promise resolves
 * with may have to be waited for, see `restOf` of settle.ts.
 */
export type HandlerCall = (event: EventContext) => void | Promise<unknown>;

/** Composes one handler's call once, so that an event costs only what is bound to its handler. */
export function composeCall(nest: NestInternals, host: EnhancerHost, enhancers: Enhancers): HandlerCall {
  const { guards, interceptors, pipes, filters } = enhancers;
  const isAlone = guards.length + interceptors.length + filters.length === 0;
  // As with the arguments below, which need not be looked at.
  if (isAlone && pipes.length === 0 && !areDeclared(host.declared)) return plainCall(host);
  const args = findArguments(nest, host, pipes);
  return isAlone && isPayloadAndContext(args)
    ? plainCall(host)
    : new HandlerPipeline(host, enhancers, args).call;
}

/** Nothing is bound: the method is called directly, without a promise unless it returns one. */
function plainCall({ instance, methodName }: EnhancerHost): HandlerCall {
  const methods = instance as Record<string, HandlerMethod>;
  // By its name at each call, as callMethod() does.
  return (event) => pendingIn((methods[methodName] as HandlerMethod)(event.payload, event));
}

/** Runs guards, then interceptors around the pipes and the method, and filters around all of it. */
class HandlerPipeline {
  private readonly guards: HandlerGuards;
  private readonly interceptors: HandlerInterceptors;
  private readonly pipes: HandlerPipes;
  private readonly filters: HandlerFilters;

  constructor(
    private readonly host: EnhancerHost,
    enhancers: Enhancers,
    args: readonly HandlerArgument[],
  ) {
    this.guards = new HandlerGuards(enhancers.guards, enhancers.globalGuards, host);
    this.interceptors = new HandlerInterceptors(enhancers.interceptors, host);
    this.pipes = new HandlerPipes(args);
    this.filters = new HandlerFilters(enhancers.filters, host);
  }

  readonly call: HandlerCall = async (event) => {
    const args: HandlerArguments = [event.payload, event];
    const attempt: PipeAttempt = {};
    try {
      const asked = this.guards.check(args);
      if (asked !== undefined) await asked;
      const pending = pendingIn(this.interceptors.around(args, () => this.invoke(args, attempt)));
      const rest = pending === undefined ? undefined : restOf(await pending);
      if (rest !== undefined) await rest;
    } catch (error) {
      const isPipes = attempt.refused !== undefined && attempt.refused.error === error;
      await this.filters.handle(isPipes ? new HandlerFailure('pipe', error) : error, args);
    }
  };

  private invoke(args: HandlerArguments, attempt: PipeAttempt): unknown {
    const values = this.pipes.valuesOf(args, attempt);
    return values instanceof Promise
      ? values.then((settled) => callMethod(this.host, settled))
      : callMethod(this.host, values);
  }
}
