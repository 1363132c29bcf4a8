export { EventBusConsoleModule } from './event-bus-console.module.js';
export type { EventBusConsoleOptions } from './console.options.js';
