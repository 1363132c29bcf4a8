import { EventBusError } from './event-bus.error.js';

/** The bus was closed: the application is shutting down. Nothing was sent. */
export class BusClosedError extends EventBusError {
  static readonly code = 'EVENT_BUS_CLOSED';
  readonly code = BusClosedError.code;

  constructor() {
    super('The event bus is closed. Publish and subscribe before onApplicationShutdown.');
  }
}

/** An option of a call has an invalid value. Nothing was sent or subscribed. */
export class InvalidOptionError extends EventBusError {
  static readonly code = 'EVENT_BUS_INVALID_OPTION';
  readonly code = InvalidOptionError.code;

  constructor(option: string, problem: string) {
    super(`${option} ${problem}`);
  }
}
