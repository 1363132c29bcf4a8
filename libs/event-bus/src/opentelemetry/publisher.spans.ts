import { randomUUID } from 'node:crypto';
import type { Attributes, Context, Link, Span, SpanKind, Tracer } from '@opentelemetry/api';
import type { EventBusObserver, ObservedPublish, PublishNext } from '../observing/event-bus.observer.js';
import type { PublishOutcome } from '../transports/event.transport.js';
import type { BusPlaces } from './bus.places.js';
import * as names from './messaging.attributes.js';
import type { TracingSettings } from './open-telemetry.options.js';
import { otel } from './otel.api.js';
import { contained, markFailed } from './span.failure.js';
import { contextIn, headersOf } from './trace.headers.js';

export type PublishHook = NonNullable<EventBusObserver['aroundPublish']>;

/** What a span is about: one of few names, and the channel. */
export interface Destination {
  readonly template: string | undefined;
  /** Absent where it is not known, or where there are several. */
  readonly channel: string | undefined;
}

/** What a span of a publisher begins with. */
interface SpanStart {
  readonly kind: SpanKind;
  readonly links?: Link[];
  /** What it is a child of. */
  readonly parent: Context;
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
    { kind, links = [], parent }: SpanStart,
  ): Span {
    const attributes = this.places.attributesOf(bus, operation);
    describe(attributes, destination);
    return this.tracer.startSpan(nameOf(operation, destination), { kind, links, attributes }, parent);
  }

  /**
   * Publishes the event with the context of the span, which is told what is known of the message.
   * @param parent what the span is a child of
   */
  send(
    publish: ObservedPublish,
    span: Span,
    parent: Context,
    next: PublishNext,
    settled: (outcome: PublishOutcome) => void,
  ): void {
    if (!publish.carriesMetadata) return this.sendAsItIs(publish, span, next, settled);
    const headers = contextHeaders(span, parent);
    if (span.isRecording()) {
      // The codec would make one too, and not tell it.
      const id = publish.headers?.['id'] ?? randomUUID();
      span.setAttribute(names.MESSAGE_ID, id);
      headers['id'] = id;
    }
    next(headers, settled);
    this.tell(publish, span);
  }

  /** Publishes the event without a context, or with that which its publisher gave it. */
  sendAsItIs(
    publish: ObservedPublish,
    span: Span,
    next: PublishNext,
    settled: (outcome: PublishOutcome) => void,
  ): void {
    next(undefined, settled);
    this.tell(publish, span);
  }

  destinationOf({ template, channel }: ObservedPublish): Destination {
    return template === undefined
      ? { template: this.settings.destinationName(channel), channel }
      : { template, channel: undefined };
  }

  /** Tells the span what is known of the encoded message. */
  private tell({ encoded, template }: ObservedPublish, span: Span): void {
    if (encoded === undefined || !span.isRecording()) return;
    if (template !== undefined) span.setAttribute(names.DESTINATION_NAME, encoded.channel);
    if (this.settings.messageBodySize) span.setAttribute(names.MESSAGE_BODY_SIZE, encoded.bytes);
  }
}

export function nameOf(operation: string, { template }: Destination): string {
  return template === undefined ? operation : `${operation} ${template}`;
}

/** Adds the attributes of a destination. */
export function describe(attributes: Attributes, { template, channel }: Destination): void {
  if (template !== undefined) attributes[names.DESTINATION_TEMPLATE] = template;
  if (channel !== undefined) attributes[names.DESTINATION_NAME] = channel;
}

/** What an event carries of a span. @param parent what the span is a child of */
export function contextHeaders(span: Span, parent: Context): Record<string, string> {
  return headersOf(otel.trace.setSpan(parent, span));
}

/** The context that the publisher itself gave the event: it is kept. */
export function givenContext({ headers, carriesMetadata }: ObservedPublish): Context | undefined {
  return carriesMetadata && headers?.['traceparent'] !== undefined ? contextIn(headers) : undefined;
}

export function linksTo(context: Context | undefined): Link[] {
  const linked = context && otel.trace.getSpanContext(context);
  return linked === undefined ? [] : [{ context: linked }];
}

/** Calls `end`; the span has the failure then, if there was one. */
export function endWith(outcome: PublishOutcome, span: Span, end: () => void): void {
  if ('error' in outcome) contained(() => markFailed(span, outcome.error));
  contained(end);
}
