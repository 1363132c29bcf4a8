import type { EventBusObserver } from '../observing/event-bus.observer.js';
import { MetricsObserver } from './metrics.observer.js';
import type { MetricsOptions } from './metrics.options.js';
import { resolveMetricsOptions } from './metrics.options.js';

/**
 * The metrics of a bus that no module has, such as that of an `EventBusServer` or `EventBusClient`, in a registry of the application.
 * Call it for each of them, and give each a `name` of its own: it is the label `bus`. A name that the registry has already is logged
 * as an error, and that bus has no metrics.
 *
 * @example new EventBusServer({ transport, name: 'rpc', observers: [eventBusMetrics({ registry: register })] })
 * @throws ConfigurationError with everything that is wrong with the options.
 */
export function eventBusMetrics(options: MetricsOptions): EventBusObserver {
  return new MetricsObserver(resolveMetricsOptions('eventBusMetrics()', options));
}
