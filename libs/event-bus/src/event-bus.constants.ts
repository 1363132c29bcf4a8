/** The name of a bus that was not given one. */
export const DEFAULT_BUS = 'default';

// Providers inside one EventBusModule; each module instance has its own.
export const EVENT_BUS_SETTINGS = Symbol('EVENT_BUS_SETTINGS');

/** Bound by the testing kit: takes the place of the configured transport in every bus of the application. */
export const EVENT_BUS_TRANSPORT_OVERRIDE = Symbol('EVENT_BUS_TRANSPORT_OVERRIDE');
/** Bound by the testing kit: hears what every bus of the application publishes and handles. */
export const EVENT_BUS_TAP = Symbol('EVENT_BUS_TAP');
