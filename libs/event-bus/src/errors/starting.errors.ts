import { EventBusError } from './event-bus.error.js';

/** The options, targets or handlers are invalid. Thrown at start-up, and lists every problem at once. */
export class ConfigurationError extends EventBusError {
  static readonly code = 'EVENT_BUS_CONFIGURATION';
  readonly code = ConfigurationError.code;

  constructor(
    /** Every problem, each with what to write instead. */
    readonly problems: readonly string[],
  ) {
    super(
      problems.length === 1
        ? `The event bus cannot start: ${problems[0]}`
        : `The event bus cannot start because of ${problems.length} problems:\n${problems.map((p) => `  - ${p}`).join('\n')}`,
    );
    trimStack(this);
  }
}

/**
 * The broker could not be reached, or did not confirm every subscription, within `startup.timeoutMs`. `cause` is the error of
 * the connection, if there is one, with its own `code`: ECONNREFUSED, ENOTFOUND, CERT_HAS_EXPIRED, …
 */
export class StartupError extends EventBusError {
  static readonly code = 'EVENT_BUS_STARTUP';
  readonly code = StartupError.code;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    trimStack(this);
  }
}

/**
 * The broker rejects the connection, and another attempt would fail too: wrong password, missing permission, no common TLS
 * settings.
 */
export class TransportRefusedError extends EventBusError {
  static readonly code = 'EVENT_BUS_TRANSPORT_REFUSED';
  readonly code = TransportRefusedError.code;
}

/** The transport has no sharded pub/sub, or the server is older than Redis 7.0. */
export class NotSupportedError extends EventBusError {
  static readonly code = 'EVENT_BUS_NOT_SUPPORTED';
  readonly code = NotSupportedError.code;
}

/** The stack of a start-up error would only show code of this package, so it is left out. */
function trimStack(error: Error): void {
  error.stack = `${error.name}: ${error.message}`;
}
