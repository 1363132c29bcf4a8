import { randomUUID } from 'node:crypto';
import type { Attributes, Context, Link, Span, SpanKind, Tracer } from '@opentelemetry/api';
import type { EventBusObserver, ObservedPublish } from '../observing/event-bus.observer.js';
import type { BusPlaces } from './bus.places.js';
import * as names from './messaging.attributes.js';
import type { TracingSettings } from './open-telemetry.options.js';
import { otel } from './otel.api.js';
import { publisherContext } from './silent.context.js';
import { contained, markFailed } from './span.failure.js';
import { contextIn, headersOf } from './trace.headers.js';

export type PublishHook = NonNullable<EventBusObserver['aroundPublish']>;
export type Next = Parameters<PublishHook>[1];

/** What a span is about: one of few names, and the channel. */
export interface Destination {
  readonly template: string | undefined;
  /** Absent where it is not known, or where there are several. */
  readonly channel: string | undefined;
}

/** Starts the spans of publishers, and sends events with their contexts. */
export class PublisherSpans {
  constructor(
    private readonly tracer: Tracer,
    private readonly settings: TracingSettings,
    private readonly places: BusPlaces,
  ) {}

  start(
    operation: 'publish' | 'create',
    bus: string,
    destination: Destination,
    options: { readonly kind: SpanKind; readonly links?: Link[] },
  ): Span {
    const attributes = {
      ...this.places.of(bus),
      ...names.OPERATIONS[operation],
      ...attributesOf(destination),
    };
    const name = nameOf(operation, destination);
    return this.tracer.startSpan(name, { ...options, attributes }, publisherContext());
  }

  /** Publishes the event with the context of the span, which is told what is known of the message. */
  send(publish: ObservedPublish, span: Span, next: Next): Promise<number> {
    if (!publish.carriesMetadata) return this.sendAsItIs(publish, span, next);
    const headers = contextHeaders(span);
    if (!span.isRecording()) return next(headers);
    // The codec would make one too, and not tell it.
    const id = publish.headers?.['id'] ?? randomUUID();
    span.setAttribute(names.MESSAGE_ID, id);
    return this.sendAsItIs(publish, span, (added) => next({ ...headers, ...added, id }));
  }

  /** Publishes the event without a context, or with that which its publisher gave it. */
  sendAsItIs(publish: ObservedPublish, span: Span, next: Next): Promise<number> {
    const sent = next();
    const { encoded, template } = publish;
    if (encoded === undefined || !span.isRecording()) return sent;
    if (template !== undefined) span.setAttribute(names.DESTINATION_NAME, encoded.channel);
    if (this.settings.messageBodySize) span.setAttribute(names.MESSAGE_BODY_SIZE, encoded.bytes);
    return sent;
  }

  destinationOf({ template, channel }: ObservedPublish): Destination {
    return template === undefined
      ? { template: this.settings.destinationName(channel), channel }
      : { template, channel: undefined };
  }
}

export function nameOf(operation: string, { template }: Destination): string {
  return template === undefined ? operation : `${operation} ${template}`;
}

export function attributesOf({ template, channel }: Destination): Attributes {
  return {
    ...(template === undefined ? {} : { [names.DESTINATION_TEMPLATE]: template }),
    ...(channel === undefined ? {} : { [names.DESTINATION_NAME]: channel }),
  };
}

/** What an event carries of a span. */
export function contextHeaders(span: Span): Record<string, string> {
  return headersOf(otel.trace.setSpan(publisherContext(), span));
}

/** The context that the publisher itself gave the event: it is kept. */
export function givenContext({ headers, carriesMetadata }: ObservedPublish): Context | undefined {
  return carriesMetadata && headers?.['traceparent'] !== undefined ? contextIn(headers) : undefined;
}

export function linksTo(context: Context | undefined): Link[] {
  const linked = context && otel.trace.getSpanContext(context);
  return linked === undefined ? [] : [{ context: linked }];
}

/** Calls `end` when the event was sent or has failed; the span has the failure then. */
export function whenSent(sent: Promise<number>, span: Span, end: () => void): void {
  sent.then(
    () => contained(end),
    (error: unknown) => {
      contained(() => markFailed(span, error));
      contained(end);
    },
  );
}
