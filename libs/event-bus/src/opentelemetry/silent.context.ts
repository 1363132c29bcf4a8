import type { Context } from '@opentelemetry/api';
import { otel } from './otel.api.js';

/**
 * The key of the SDK: in a context where it is true, its tracers start no spans. Keys of one name are equal, so that the SDK is
 * not needed for this.
 */
const SUPPRESS_TRACING = otel.createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
const OF_TRANSPORT = otel.createContextKey('nestjs-redis-event-bus: a call of the transport');

/** Has no span as a parent either: connections outlive the request in which they began. */
const SILENT = otel.ROOT_CONTEXT.setValue(SUPPRESS_TRACING, true).setValue(OF_TRANSPORT, true);

/** Makes a call of the transport, and lets no span begin in what it starts. */
export function runSilently(call: () => void): void {
  otel.context.with(SILENT, call);
}

/**
 * The context of who publishes. The dead letter of a message that could not be read is published where the transport delivered it:
 * it has none.
 */
export function publisherContext(): Context {
  const active = otel.context.active();
  return active.getValue(OF_TRANSPORT) === true ? otel.ROOT_CONTEXT : active;
}
