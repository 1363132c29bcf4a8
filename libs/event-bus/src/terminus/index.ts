export { EventBusHealthModule } from './event-bus.health.module.js';
export { EventBusHealthIndicator } from './event-bus.health.indicator.js';
export type { BusOwner } from './bus.owner.js';
export type { EventBusHealthOptions, GapLimit } from './health.options.js';
export type {
  EventBusHealth,
  EventBusHealthDetails,
  EventBusHealthResult,
  SubscriptionHealth,
} from './health.result.js';
