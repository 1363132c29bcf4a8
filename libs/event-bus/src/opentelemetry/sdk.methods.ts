import type { Meter, Tracer } from '@opentelemetry/api';
import type { EventBusObserver } from '../observing/event-bus.observer.js';
import type { BusPlaces } from './bus.places.js';
import { SCHEMA_URL } from './messaging.attributes.js';
import { MessagingMetrics } from './messaging.metrics.js';
import type { TracingSettings } from './open-telemetry.options.js';
import { otel } from './otel.api.js';
import { ProcessSpans } from './process.spans.js';
import { PublishSpans } from './publish.spans.js';
import { PublisherSpans } from './publisher.spans.js';

const SCOPE = 'nestjs-redis-event-bus';

/** The methods of an observer that need an SDK. */
export type SdkMethods = Pick<
  EventBusObserver,
  'aroundPublish' | 'aroundHandle' | 'published' | 'publishFailed' | 'handled' | 'failed' | 'repeated'
>;

/** The methods for the SDK that is registered: undefined while there is none, and without spans where it has no tracer. */
export function methodsForSdk(settings: TracingSettings, places: BusPlaces): SdkMethods | undefined {
  const tracer = registeredTracer();
  const meter = registeredMeter();
  if (tracer === undefined && meter === undefined) return undefined;
  const metrics = meter && new MessagingMetrics(meter, settings, places);
  if (tracer === undefined) return metrics;
  const calls = new ProcessSpans(tracer, settings, places);
  const publisher = new PublisherSpans(tracer, settings, places);
  return {
    ...(metrics && { published: metrics.published, publishFailed: metrics.publishFailed }),
    aroundPublish: new PublishSpans(publisher, calls, settings.createSpans).around,
    aroundHandle: calls.around,
    handled: both(calls.handled, metrics?.handled),
    failed: both(calls.failed, metrics?.failed),
    repeated: both(calls.repeated, metrics?.repeated),
  };
}

/** Undefined while no SDK is registered: the API then has a tracer of its own, which does nothing. */
function registeredTracer(): Tracer | undefined {
  const provider = otel.trace.getTracerProvider();
  const isEmpty = provider instanceof otel.ProxyTracerProvider && !provider.getDelegateTracer(SCOPE);
  return isEmpty ? undefined : provider.getTracer(SCOPE, undefined, { schemaUrl: SCHEMA_URL });
}

function registeredMeter(): Meter | undefined {
  const meter = otel.metrics.getMeter(SCOPE, undefined, { schemaUrl: SCHEMA_URL });
  return meter.constructor === otel.createNoopMeter().constructor ? undefined : meter;
}

function both<Fact>(first: (fact: Fact) => void, second?: (fact: Fact) => void): (fact: Fact) => void {
  if (second === undefined) return first;
  return (fact) => {
    first(fact);
    second(fact);
  };
}
