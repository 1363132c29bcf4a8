import type { Attributes, Span } from '@opentelemetry/api';
import type { ObservedPublish, PublishNext } from '../observing/event-bus.observer.js';
import type { PublishOutcome } from '../transports/event.transport.js';
import { BATCH_MESSAGE_COUNT } from './messaging.attributes.js';
import { otel } from './otel.api.js';
import type { Destination, PublisherSpans } from './publisher.spans.js';
import { contextHeaders, describe, endWith, givenContext, linksTo, nameOf } from './publisher.spans.js';
import { publisherContext } from './silent.context.js';

/** One `publishMany` that is under way. */
interface Batch {
  readonly span: Span;
  /** What all events so far have in common. */
  common: Destination;
  /** How many of its events are still to be encoded. */
  awaited: number;
  /** How many of its events have no outcome yet. */
  open: number;
}

const NOWHERE: Destination = { template: undefined, channel: undefined };

/**
 * The spans of `publishMany`: one `publish`, and one `create` for each event, whose context the event carries, and which `publish`
 * is linked to. Without `create` spans the events carry the context of `publish`.
 */
export class BatchSpans {
  private readonly batches = new WeakMap<object, Batch>();

  constructor(
    private readonly spans: PublisherSpans,
    private readonly areCreated: boolean,
  ) {}

  /** @param key what the events of the call have in common */
  publish(key: object, publish: ObservedPublish, next: PublishNext): void {
    const batch = this.batches.get(key) ?? this.begin(key, publish);
    const { span } = batch;
    join(batch, this.spans.destinationOf(publish));
    const end = () => {
      batch.open -= 1;
      if (batch.open === 0) span.end();
    };
    this.send(batch, publish, next, (outcome) => endWith(outcome, span, end));
  }

  private begin(key: object, { bus, batchSize }: ObservedPublish): Batch {
    const { CLIENT, PRODUCER } = otel.SpanKind;
    const span = this.spans.start('publish', bus, NOWHERE, {
      kind: this.areCreated ? CLIENT : PRODUCER,
      parent: publisherContext(),
    });
    span.setAttribute(BATCH_MESSAGE_COUNT, batchSize);
    const batch = { span, common: NOWHERE, awaited: batchSize, open: batchSize };
    this.batches.set(key, batch);
    return batch;
  }

  private send(
    { span }: Batch,
    publish: ObservedPublish,
    next: PublishNext,
    settled: (outcome: PublishOutcome) => void,
  ): void {
    const given = givenContext(publish);
    if (given !== undefined) {
      span.addLinks(linksTo(given));
      return next(undefined, settled);
    }
    const parent = publisherContext();
    if (!this.areCreated)
      return next(publish.carriesMetadata ? contextHeaders(span, parent) : undefined, settled);
    const { bus } = publish;
    const kind = otel.SpanKind.PRODUCER;
    const created = this.spans.start('create', bus, this.spans.destinationOf(publish), { kind, parent });
    span.addLink({ context: created.spanContext() });
    this.spans.send(publish, created, parent, next, settled);
    created.end();
  }
}

/** Names the span after the destination once all events have the same. */
function join(batch: Batch, { template, channel }: Destination): void {
  const isFirst = batch.common === NOWHERE;
  const { common, span } = batch;
  batch.common = isFirst
    ? { template, channel }
    : {
        template: common.template === template ? template : undefined,
        channel: common.channel === channel ? channel : undefined,
      };
  batch.awaited -= 1;
  if (batch.awaited > 0) return;
  span.updateName(nameOf('publish', batch.common));
  const attributes: Attributes = {};
  describe(attributes, batch.common);
  span.setAttributes(attributes);
}
