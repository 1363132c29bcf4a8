import { ForbiddenException } from '@nestjs/common';
import { FORBIDDEN_MESSAGE } from '@nestjs/core/internal';
import type { EventContext } from '../message/event-context.js';
import type { HandlerArgument, HandlerArguments } from './handler.arguments.js';
import { findArguments, isPayloadAndContext } from './handler.arguments.js';
import { HandlerFailure } from './handler.failure.js';
import { HandlerFilters } from './handler.filters.js';
import type { EnhancerHost, Enhancers } from './nest.enhancers.js';
import { callMethod, findEnhancers } from './nest.enhancers.js';
import type { NestInternals } from './nest.internals.js';
import { isPending, settle } from './settle.js';

/** Calls the method with guards, interceptors, pipes and filters around it. Throws {@link HandlerFailure}. */
export type HandlerCall = (event: EventContext) => void | Promise<void>;

/** Composes one handler's call once, so that an event pays only for what is bound to its handler. */
export function composeCall(nest: NestInternals, host: EnhancerHost): HandlerCall {
  const enhancers = findEnhancers(nest, host);
  const args = findArguments(nest, host, enhancers.pipes);
  const { guards, interceptors, filters } = enhancers;
  const isPlain = guards.length + interceptors.length + filters.length === 0 && isPayloadAndContext(args);
  return isPlain ? plainCall(host) : new HandlerPipeline(nest, host, enhancers, args).call;
}

/** Nothing is bound: the method is called without a detour, and without a promise when it needs none. */
function plainCall(host: EnhancerHost): HandlerCall {
  return (event) => {
    const result = callMethod(host, event.payload, event);
    return isPending(result) ? settle(result) : undefined;
  };
}

/** What became of one call, beside what it threw. */
interface Attempt {
  /** The first refusal, boxed as anything may be thrown. Of the last call, where an interceptor repeats it. */
  refusedByPipe?: { readonly error: unknown } | undefined;
}

class HandlerPipeline {
  private readonly filters: HandlerFilters;

  constructor(
    private readonly nest: NestInternals,
    private readonly host: EnhancerHost,
    private readonly enhancers: Enhancers,
    private readonly args: readonly HandlerArgument[],
  ) {
    this.filters = new HandlerFilters(enhancers.filters, host);
  }

  readonly call: HandlerCall = async (event) => {
    const args: HandlerArguments = [event.payload, event];
    const attempt: Attempt = {};
    try {
      await this.guard(args);
      const { instance, method } = this.host;
      const result: unknown = await this.nest.interceptorsConsumer.intercept(
        this.enhancers.interceptors,
        args,
        instance,
        method,
        () => this.invoke(args, attempt),
        'rpc',
      );
      await settle(result);
    } catch (error) {
      const isPipes = attempt.refusedByPipe !== undefined && attempt.refusedByPipe.error === error;
      await this.filters.handle(isPipes ? new HandlerFailure('pipe', error) : error, args);
    }
  };

  private async guard(args: HandlerArguments): Promise<void> {
    const { guards } = this.enhancers;
    if (guards.length === 0) return;
    const { instance, method } = this.host;
    let isAllowed: boolean;
    try {
      isAllowed = await this.nest.guardsConsumer.tryActivate(guards, args, instance, method, 'rpc');
    } catch (error) {
      throw new HandlerFailure('guard', error);
    }
    if (!isAllowed) throw new HandlerFailure('guard-refused', new ForbiddenException(FORBIDDEN_MESSAGE));
  }

  private async invoke(args: HandlerArguments, attempt: Attempt): Promise<unknown> {
    const values: unknown[] = [];
    attempt.refusedByPipe = undefined;
    await Promise.all(
      this.args.map(async (argument) => {
        values[argument.index] = await this.pipe(argument, argument.extract(...args), attempt);
      }),
    );
    return callMethod(this.host, ...values);
  }

  private async pipe(argument: HandlerArgument, value: unknown, attempt: Attempt): Promise<unknown> {
    const { pipes, type, data, metatype, schema } = argument;
    if (pipes.length === 0) return value;
    try {
      return await this.nest.pipesConsumer.apply(value, { metatype, type, data, schema } as never, pipes);
    } catch (error) {
      // Thrown on as it is: an interceptor around the handler may know what to do with it.
      attempt.refusedByPipe ??= { error };
      throw error;
    }
  }
}
