import type { ObservedPublish, PublishNext } from '../observing/event-bus.observer.js';
import type { PublishOutcome } from '../transports/event.transport.js';
import { BatchSpans } from './batch.spans.js';
import { otel } from './otel.api.js';
import type { ProcessSpans } from './process.spans.js';
import type { PublishHook, PublisherSpans } from './publisher.spans.js';
import { endWith, givenContext, linksTo } from './publisher.spans.js';
import { publisherContext } from './silent.context.js';

/** The spans of publishers: one `publish` for each event, and for `publishMany` those of {@link BatchSpans}. */
export class PublishSpans {
  private readonly batches: BatchSpans;

  constructor(
    private readonly spans: PublisherSpans,
    private readonly calls: Pick<ProcessSpans, 'contextAfter'>,
    areCreated: boolean,
  ) {
    this.batches = new BatchSpans(spans, areCreated);
  }

  readonly around: PublishHook = (publish, next) => {
    const { batch, batchSize } = publish;
    if (batch !== undefined && batchSize > 1) this.batches.publish(batch, publish, next);
    else this.publish(publish, next);
  };

  private publish(publish: ObservedPublish, next: PublishNext): void {
    const { spans } = this;
    const given = givenContext(publish);
    const { PRODUCER, CLIENT } = otel.SpanKind;
    const { deadLetterOf } = publish;
    const parent = deadLetterOf === undefined ? publisherContext() : this.calls.contextAfter(deadLetterOf);
    const start = { kind: given === undefined ? PRODUCER : CLIENT, links: linksTo(given), parent };
    const span = spans.start('publish', publish.bus, spans.destinationOf(publish), start);
    const settled = (outcome: PublishOutcome) => endWith(outcome, span, () => span.end());
    if (given === undefined) spans.send(publish, span, parent, next, settled);
    else spans.sendAsItIs(publish, span, next, settled);
  }
}
