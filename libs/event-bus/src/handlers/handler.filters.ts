import { IntrinsicException } from '@nestjs/common';
import { quote, reasonOf } from '../errors.js';
import { isA, isError, propertyOf } from '../foreign.js';
import type { HandlerArguments } from './handler.arguments.js';
import { HandlerFailure } from './handler.failure.js';
import type { EnhancerHost } from './nest.enhancers.js';
import { rpcContext } from './nest.enhancers.js';
import type { BoundFilter } from './nest.internals.js';
import { MESSAGES, selectExceptionFilterMetadata } from './nest.internals.js';
import { settle } from './settle.js';

const HTTP_ONLY =
  'Is it meant for HTTP only? Then rethrow for events first: if (isEventContext(host)) throw exception;';

/** The exception filters of one handler, the most specific first. */
export class HandlerFilters {
  constructor(
    private readonly filters: readonly BoundFilter[],
    private readonly host: Pick<EnhancerHost, 'instance' | 'method'>,
  ) {}

  /** Resolves when a filter has handled the failure, rejects with what is left to report. */
  async handle(failure: unknown, args: HandlerArguments): Promise<void> {
    const cause: unknown = isA(failure, HandlerFailure) ? failure.cause : failure;
    const filter = this.filterFor(cause);
    if (filter === undefined) throw failure;
    const host = rpcContext(this.host, args);
    try {
      await settle(filter.func(cause, host));
    } catch (thrown) {
      if (isLoggedByNest(thrown, cause)) return;
      throw toReport(thrown, cause, failure);
    }
  }

  private filterFor(cause: unknown): BoundFilter | undefined {
    try {
      return selectExceptionFilterMetadata([...this.filters], cause);
    } catch {
      // `instanceof` throws for it, as for a revoked proxy: only a filter that catches everything applies.
      return this.filters.find(({ exceptionMetatypes }) => exceptionMetatypes.length === 0);
    }
  }
}

/** A filter may pass on the failure, unchanged or as another error. A filter that fails itself is reported as such. */
function toReport(thrown: unknown, cause: unknown, failure: unknown): unknown {
  // Not an error: an RPC reply (`throwError(() => ({ status, message }))`), but events have no reply.
  if (thrown === cause || !isError(thrown)) return failure;
  const isBroken = isA(thrown, TypeError) || isA(thrown, ReferenceError);
  if (!isBroken) return thrown;
  return new HandlerFailure('filter', thrown, `It was called for ${quote(reasonOf(cause))}. ${HTTP_ONLY}`);
}

/** Nest's BaseRpcExceptionFilter has logged the unknown error itself and returns this reply; one log line is enough. */
function isLoggedByNest(reply: unknown, cause: unknown): boolean {
  if (isA(cause, IntrinsicException) || propertyOf(reply, 'status') !== 'error') return false;
  return propertyOf(reply, 'message') === MESSAGES.UNKNOWN_EXCEPTION_MESSAGE;
}
