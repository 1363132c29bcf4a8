export { openTelemetry } from './open-telemetry.observer.js';
export type { OpenTelemetryOptions } from './open-telemetry.options.js';
