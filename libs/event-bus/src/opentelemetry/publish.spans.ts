import type { ObservedPublish } from '../observing/event-bus.observer.js';
import { BatchSpans } from './batch.spans.js';
import { otel } from './otel.api.js';
import type { Next, PublishHook, PublisherSpans } from './publisher.spans.js';
import { givenContext, linksTo, whenSent } from './publisher.spans.js';

/** The spans of publishers: one `publish` for each event, and for `publishMany` those of {@link BatchSpans}. */
export class PublishSpans {
  private readonly batches: BatchSpans;

  constructor(
    private readonly spans: PublisherSpans,
    areCreated: boolean,
  ) {
    this.batches = new BatchSpans(spans, areCreated);
  }

  readonly around: PublishHook = (publish, next) => {
    const { batch, batchSize } = publish;
    if (batch !== undefined && batchSize > 1) this.batches.publish(batch, publish, next);
    else this.publish(publish, next);
  };

  private publish(publish: ObservedPublish, next: Next): void {
    const { spans } = this;
    const given = givenContext(publish);
    const { PRODUCER, CLIENT } = otel.SpanKind;
    const options = { kind: given === undefined ? PRODUCER : CLIENT, links: linksTo(given) };
    const span = spans.start('publish', publish.bus, spans.destinationOf(publish), options);
    const sent =
      given === undefined ? spans.send(publish, span, next) : spans.sendAsItIs(publish, span, next);
    if (span.isRecording()) whenSent(sent, span, () => span.end());
  }
}
