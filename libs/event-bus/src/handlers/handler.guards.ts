import type { CanActivate } from '@nestjs/common';
import { ForbiddenException } from '@nestjs/common';
import { isObservable } from 'rxjs';
import type { HandlerArguments } from './handler.arguments.js';
import { HandlerFailure, isRefusal } from './handler.failure.js';
import type { EnhancerHost } from './nest.enhancers.js';
import { rpcContext } from './nest.enhancers.js';
import type { ExecutionContextHost } from './nest.internals.js';
import { FORBIDDEN_MESSAGE } from './nest.internals.js';
import { lastValueOf } from './settle.js';

const HTTP_ONLY =
  'Is it meant for HTTP only? Then let events pass first: if (isEventContext(context)) return true;';

/** The guards of one handler, called in Nest's order. */
export class HandlerGuards {
  constructor(
    private readonly guards: readonly CanActivate[],
    /** The global guards among them. */
    private readonly globalGuards: ReadonlySet<unknown>,
    private readonly host: Pick<EnhancerHost, 'instance' | 'method'>,
  ) {}

  /**
   * Returns if all guards answer synchronously, as most do; otherwise resolves when they have answered.
   * @throws HandlerFailure when a guard refuses or fails. The guards after it are not called.
   */
  check(args: HandlerArguments): void | Promise<void> {
    if (this.guards.length === 0) return undefined;
    return this.ask(rpcContext(this.host, args), 0);
  }

  private ask(context: ExecutionContextHost, from: number): void | Promise<void> {
    for (let index = from; index < this.guards.length; index += 1) {
      const guard = this.guards[index] as CanActivate;
      const answer = this.answerOf(guard, context);
      if (typeof answer !== 'boolean') return this.await(guard, answer, context, index + 1);
      if (!answer) throw this.refusal(guard);
    }
    return undefined;
  }

  private async await(
    guard: CanActivate,
    answer: unknown,
    context: ExecutionContextHost,
    next: number,
  ): Promise<void> {
    let isAllowed: unknown;
    try {
      const value = await answer;
      isAllowed = isObservable(value) ? await lastValueOf(value) : value;
    } catch (error) {
      throw this.failure(guard, error);
    }
    if (!isAllowed) throw this.refusal(guard);
    await this.ask(context, next);
  }

  private answerOf(guard: CanActivate, context: ExecutionContextHost): unknown {
    try {
      return guard.canActivate(context);
    } catch (error) {
      throw this.failure(guard, error);
    }
  }

  private refusal(guard: CanActivate): HandlerFailure {
    return this.failure(guard, new ForbiddenException(FORBIDDEN_MESSAGE));
  }

  private failure(guard: CanActivate, error: unknown): HandlerFailure {
    const hint = this.globalGuards.has(guard) ? HTTP_ONLY : undefined;
    return new HandlerFailure(isRefusal(error) ? 'guard-refused' : 'guard', error, hint);
  }
}
