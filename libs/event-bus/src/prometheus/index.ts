export { EventBusMetricsModule } from './event-bus-metrics.module.js';
export type { EventBusMetricsAsyncOptions, EventBusMetricsOptions } from './event-bus-metrics.module.js';
export { eventBusMetrics } from './event-bus-metrics.observer.js';
export type { MetricsOptions } from './metrics.options.js';
export type { MetricsRegistry } from './metrics.registry.js';
