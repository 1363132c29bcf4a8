import type { Attributes, Context, SpanContext, Tracer } from '@opentelemetry/api';
import type { AroundHandle, ObservedCall, ObservedHandler } from '../observing/event-bus.observer.js';
import type { FailedFact, HandledFact, RepeatedFact } from '../observing/observer.facts.js';
import type { EventContext } from '../message/event-context.js';
import type { BusPlaces } from './bus.places.js';
import { OpenSpans } from './open.spans.js';
import * as names from './messaging.attributes.js';
import type { TracingSettings } from './open-telemetry.options.js';
import { otel } from './otel.api.js';
import { linksTo } from './publisher.spans.js';
import { markFailed } from './span.failure.js';
import { contextIn } from './trace.headers.js';

/**
 * The spans of handlers: one `process` for each call. A hook begins it, so that the handler works in its context; the facts of the
 * bus end it, so that a call ends there as it does for the bus, a timeout included.
 */
export class ProcessSpans {
  private readonly open = new OpenSpans();
  /** By the event of the call. What follows from it comes later. */
  private readonly failedCalls = new WeakMap<EventContext, SpanContext>();

  constructor(
    private readonly tracer: Tracer,
    private readonly settings: TracingSettings,
    private readonly places: BusPlaces,
  ) {}

  readonly around = (handler: ObservedHandler): AroundHandle => {
    const fixed = this.attributesOf(handler);
    return (event, next, call) => this.run(fixed, event, call, next);
  };

  readonly handled = ({ event }: HandledFact): void => {
    this.open.take(event)?.span.end();
  };

  readonly failed = ({ event, error, isRefusal }: FailedFact): void => {
    const open = this.open.take(event);
    if (open === undefined) return;
    markFailed(open.span, error, isRefusal);
    open.span.end();
    this.failedCalls.set(event, open.span.spanContext());
  };

  /** It is told after the pause that precedes the next call. */
  readonly repeated = ({ event, error, tookMs }: RepeatedFact): void => {
    const open = this.open.take(event);
    if (open === undefined) return;
    markFailed(open.span, error);
    open.span.end(open.startedMs + tookMs);
  };

  /** What a dead letter is a child of: the call that failed, or the publisher of the event where no handler was called. */
  contextAfter(event: EventContext): Context {
    const sender = contextIn(event.metadata);
    const call = this.failedCalls.get(event);
    if (call !== undefined) return otel.trace.setSpanContext(sender, call);
    return this.settings.parent === 'none' ? otel.trace.deleteSpan(sender) : sender;
  }

  private run(
    fixed: Attributes,
    event: EventContext,
    call: ObservedCall,
    next: () => void | Promise<void>,
  ): void {
    const { pattern, channel, metadata } = event;
    const target = pattern ?? channel;
    const sender = contextIn(metadata);
    // Assigned: what is added to a spread costs a microsecond.
    const attributes = Object.assign({}, fixed);
    attributes[names.DESTINATION_NAME] = channel;
    attributes[names.ATTEMPT] = call.attempt;
    const span = this.tracer.startSpan(
      `process ${target}`,
      {
        kind: otel.SpanKind.CONSUMER,
        root: this.settings.parent === 'none',
        links: linksTo(sender),
        attributes,
      },
      sender,
    );
    if (span.isRecording()) {
      span.setAttribute(names.DESTINATION_TEMPLATE, target);
      if (typeof metadata.id === 'string') span.setAttribute(names.MESSAGE_ID, metadata.id);
      if (this.settings.messageBodySize) span.setAttribute(names.MESSAGE_BODY_SIZE, call.bytes);
      this.open.add(event, span);
    }
    void otel.context.with(otel.trace.setSpan(sender, span), next);
  }

  private attributesOf({ bus, name, group }: ObservedHandler): Attributes {
    const attributes = this.places.attributesOf(bus, 'process');
    attributes[names.HANDLER] = name;
    if (group !== undefined) attributes[names.CONSUMER_GROUP_NAME] = group;
    return attributes;
  }
}
