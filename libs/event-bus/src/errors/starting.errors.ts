import { EventBusError } from './event-bus.error.js';

/** Options, targets or handlers that cannot work. Thrown at start-up with everything that is wrong at once. */
export class ConfigurationError extends EventBusError {
  static readonly code = 'EVENT_BUS_CONFIGURATION';
  readonly code = ConfigurationError.code;

  constructor(
    /** Everything that is wrong, each with what to write instead. */
    readonly problems: readonly string[],
  ) {
    super(
      problems.length === 1
        ? `The event bus cannot start: ${problems[0]}`
        : `The event bus cannot start, ${problems.length} things are wrong:\n${problems.map((p) => `  - ${p}`).join('\n')}`,
    );
    trimStack(this);
  }
}

/**
 * The broker could not be reached, or did not confirm every subscription, before `startup.timeoutMs` was over. `cause` is the
 * error of the connection, where there is one, with its own `code`: ECONNREFUSED, ENOTFOUND, CERT_HAS_EXPIRED, …
 */
export class StartupError extends EventBusError {
  static readonly code = 'EVENT_BUS_STARTUP';
  readonly code = StartupError.code;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    trimStack(this);
  }
}

/** The broker turns our connections away, and trying again would not help: wrong password, missing permission, no common ground on TLS. */
export class TransportRefusedError extends EventBusError {
  static readonly code = 'EVENT_BUS_TRANSPORT_REFUSED';
  readonly code = TransportRefusedError.code;
}

/** The transport has no sharded pub/sub, or the server is older than Redis 7.0. */
export class NotSupportedError extends EventBusError {
  static readonly code = 'EVENT_BUS_NOT_SUPPORTED';
  readonly code = NotSupportedError.code;
}

/** Start-up errors are for whoever starts the application: the place in our code that noticed says nothing to them. */
function trimStack(error: Error): void {
  error.stack = `${error.name}: ${error.message}`;
}
