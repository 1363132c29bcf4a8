import type { Context, TextMapGetter, TextMapSetter } from '@opentelemetry/api';
import type { EventHeaders, EventMetadata } from '../message/event.codec.js';
import { otel } from './otel.api.js';

/** Names that can be attributes of a CloudEvent: those of W3C Trace Context and Baggage, for example. */
const ATTRIBUTE_NAME = /^[a-z0-9]{1,20}$/;

const SETTER: TextMapSetter<Record<string, string>> = {
  set: (headers, name, value) => {
    if (ATTRIBUTE_NAME.test(name)) headers[name] = value;
  },
};

const GETTER: TextMapGetter<EventMetadata> = {
  keys: (metadata) => Object.keys(metadata),
  get: (metadata, name) => {
    const value = metadata[name];
    return typeof value === 'string' ? value : undefined;
  },
};

/** What the application's propagator sends of a context: `traceparent`, `tracestate` and `baggage`. */
export function headersOf(context: Context): Record<string, string> {
  const headers: Record<string, string> = {};
  otel.propagation.inject(context, headers, SETTER);
  return headers;
}

/** The context that an event carries. */
export function contextIn(metadata: EventMetadata | EventHeaders): Context {
  return otel.propagation.extract(otel.ROOT_CONTEXT, metadata, GETTER);
}
