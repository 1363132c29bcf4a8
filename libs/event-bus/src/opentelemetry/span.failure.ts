import type { Span } from '@opentelemetry/api';
import { EventBusError } from '../errors.js';
import { describeThrown, isError, reasonOf } from '../foreign.js';
import { ERROR_TYPE } from './messaging.attributes.js';
import { otel } from './otel.api.js';

/** The code of an error of the bus, else the class: there are few of both. */
export function errorTypeOf(error: unknown): string {
  if (error instanceof EventBusError) return error.code;
  return describeThrown(error).name ?? '_OTHER';
}

/** @param isRefusal the event was refused, which is no error of the application */
export function markFailed(span: Span, error: unknown, isRefusal = false): void {
  span.setAttribute(ERROR_TYPE, errorTypeOf(error));
  if (isRefusal) return;
  if (isError(error)) span.recordException(error);
  span.setStatus({ code: otel.SpanStatusCode.ERROR, message: reasonOf(error) });
}

/** Calls what is not ours where no bus contains it. A failure is told where the SDK tells its own. */
export function contained(call: () => void): void {
  try {
    call();
  } catch (error) {
    try {
      otel.diag.error('nestjs-redis-event-bus: a span could not be made', error);
    } catch {
      // The logger of the application failed too.
    }
  }
}
