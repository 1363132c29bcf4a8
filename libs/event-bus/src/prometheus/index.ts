export { EventBusMetricsModule } from './event-bus-metrics.module.js';
export type { EventBusMetricsOptions } from './event-bus-metrics.options.js';
export type { MetricsRegistry } from './metrics.registry.js';
