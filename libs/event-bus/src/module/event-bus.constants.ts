/** The name of a bus that was not given one. */
export const DEFAULT_BUS = 'default';

/**
 * An application may have several copies of this package installed (a monorepo, pnpm): one decorates a handler, another one
 * runs the bus. They share metadata and injection tokens under `Symbol.for` of a name and this number: copies with the same
 * number work together, and detect copies with another one. The number is raised whenever the shared data changes.
 */
export const COPY_VERSION = '1';

export const ON_EVENT_KEY = 'nestjs-redis-event-bus:on-event';
export const ON_GAP_KEY = 'nestjs-redis-event-bus:on-gap';
export const SETTINGS_KEY = 'nestjs-redis-event-bus:settings';
export const TRANSPORT_OVERRIDE_KEY = 'nestjs-redis-event-bus:transport-override';

// Providers inside one EventBusModule; each module instance has its own.
export const EVENT_BUS_SETTINGS = Symbol.for(`${SETTINGS_KEY}:${COPY_VERSION}`);

/** Bound by the testing kit: replaces the configured transport in every bus of the application. */
export const EVENT_BUS_TRANSPORT_OVERRIDE = Symbol.for(`${TRANSPORT_OVERRIDE_KEY}:${COPY_VERSION}`);
/** Bound by the testing kit: is notified of every bus of the application, and observes it. */
export const EVENT_BUS_TEST_KIT = Symbol.for(`nestjs-redis-event-bus:test-kit:${COPY_VERSION}`);
