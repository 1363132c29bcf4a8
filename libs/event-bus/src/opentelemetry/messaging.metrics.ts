import type { Counter, Histogram, Meter } from '@opentelemetry/api';
import type {
  FailedFact,
  HandledFact,
  PublishFailedFact,
  PublishedFact,
  RepeatedFact,
} from '../observing/observer.facts.js';
import type { BusPlaces } from './bus.places.js';
import * as names from './messaging.attributes.js';
import type { TracingSettings } from './open-telemetry.options.js';
import { errorTypeOf } from './span.failure.js';

/** In seconds, as the conventions advise. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** The metrics of the conventions. Their attributes come from declarations: a channel without a contract is no attribute. */
export class MessagingMetrics {
  private readonly sent: Counter;
  private readonly consumed: Counter;
  private readonly operationDuration: Histogram;
  private readonly processDuration: Histogram;

  constructor(
    meter: Meter,
    private readonly settings: TracingSettings,
    private readonly places: BusPlaces,
  ) {
    const seconds = { unit: 's', advice: { explicitBucketBoundaries: BUCKETS } };
    const messages = { unit: '{message}' };
    this.sent = meter.createCounter('messaging.client.sent.messages', {
      ...messages,
      description: 'Events that were published, and those whose publish failed.',
    });
    this.consumed = meter.createCounter('messaging.client.consumed.messages', {
      ...messages,
      description: 'Events that handlers got, once for each handler.',
    });
    this.operationDuration = meter.createHistogram('messaging.client.operation.duration', {
      ...seconds,
      description: 'From the call of publish to the answer of the broker.',
    });
    this.processDuration = meter.createHistogram('messaging.process.duration', {
      ...seconds,
      description: 'The duration of the calls of handlers.',
    });
  }

  readonly published = (fact: PublishedFact): void => this.countSent(fact);

  readonly publishFailed = (fact: PublishFailedFact): void => this.countSent(fact, errorTypeOf(fact.error));

  readonly handled = (fact: HandledFact): void => this.countCall(fact);

  readonly failed = (fact: FailedFact): void => this.countCall(fact, errorTypeOf(fact.error));

  readonly repeated = (fact: RepeatedFact): void => this.countCall(fact, errorTypeOf(fact.error));

  private countSent(
    { bus, channel, template, tookMs }: Pick<PublishedFact, 'bus' | 'channel' | 'template' | 'tookMs'>,
    error?: string,
  ): void {
    const destination = template ?? this.settings.destinationName(channel);
    const attributes = this.places.attributesOf(bus, 'publish');
    if (destination !== undefined) attributes[names.DESTINATION_TEMPLATE] = destination;
    if (error !== undefined) attributes[names.ERROR_TYPE] = error;
    this.sent.add(1, attributes);
    this.operationDuration.record(tookMs / 1000, attributes);
  }

  private countCall({ bus, handler, target, attempt, tookMs }: HandledFact, error?: string): void {
    const attributes = this.places.attributesOf(bus, 'process');
    attributes[names.DESTINATION_TEMPLATE] = target;
    attributes[names.HANDLER] = handler;
    if (error !== undefined) attributes[names.ERROR_TYPE] = error;
    if (attempt <= 1) this.consumed.add(1, attributes);
    if (attempt > 0) this.processDuration.record(tookMs / 1000, attributes);
  }
}
