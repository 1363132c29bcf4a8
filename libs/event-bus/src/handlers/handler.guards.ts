import type { CanActivate } from '@nestjs/common';
import { ForbiddenException } from '@nestjs/common';
import { isObservable } from 'rxjs';
import type { HandlerArguments } from './handler.arguments.js';
import { HandlerFailure } from './handler.failure.js';
import type { EnhancerHost } from './nest.enhancers.js';
import { rpcContext } from './nest.enhancers.js';
import type { ExecutionContextHost } from './nest.internals.js';
import { FORBIDDEN_MESSAGE } from './nest.internals.js';
import { lastValueOf } from './settle.js';

/** The guards of one handler, asked in Nest's order. */
export class HandlerGuards {
  constructor(
    private readonly guards: readonly CanActivate[],
    private readonly host: Pick<EnhancerHost, 'instance' | 'method'>,
  ) {}

  /**
   * Returns when all have answered at once, as most do; otherwise resolves when they have.
   * @throws HandlerFailure when one refuses, or fails. None of those behind it is asked.
   */
  check(args: HandlerArguments): void | Promise<void> {
    if (this.guards.length === 0) return undefined;
    return this.ask(rpcContext(this.host, args), 0);
  }

  private ask(context: ExecutionContextHost, from: number): void | Promise<void> {
    for (let index = from; index < this.guards.length; index += 1) {
      const answer = answerOf(this.guards[index] as CanActivate, context);
      if (typeof answer !== 'boolean') return this.await(answer, context, index + 1);
      if (!answer) throw refusal();
    }
    return undefined;
  }

  private async await(answer: unknown, context: ExecutionContextHost, next: number): Promise<void> {
    let isAllowed: unknown;
    try {
      const value = await answer;
      isAllowed = isObservable(value) ? await lastValueOf(value) : value;
    } catch (error) {
      throw new HandlerFailure('guard', error);
    }
    if (!isAllowed) throw refusal();
    await this.ask(context, next);
  }
}

function answerOf(guard: CanActivate, context: ExecutionContextHost): unknown {
  try {
    return guard.canActivate(context);
  } catch (error) {
    throw new HandlerFailure('guard', error);
  }
}

function refusal(): HandlerFailure {
  return new HandlerFailure('guard-refused', new ForbiddenException(FORBIDDEN_MESSAGE));
}
