import { reasonOf } from './foreign.js';
import { printableLines, quote } from './printable.js';

export { quote, reasonOf };

/** On the errors of every copy of this package that an application has installed, whichever class they are of. */
const ERROR = Symbol.for('nestjs-redis-event-bus:error');

/** Every error of this package. `code` is for machines, the message says what happened and what to do. */
export abstract class EventBusError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: { cause?: unknown }) {
    super(printableLines(message), options);
    this.name = new.target.name;
  }

  /**
   * `instanceof` holds for the errors of another copy of this package too (a monorepo and pnpm may install several): what
   * tells classes apart is their code.
   */
  static override [Symbol.hasInstance](this: { readonly prototype: object }, value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return false;
    try {
      if (Object.prototype.isPrototypeOf.call(this.prototype, value)) return true;
      const { [ERROR]: isOurs, code } = value as { readonly [ERROR]?: true; readonly code?: unknown };
      // Their own prototypes are no errors.
      if (isOurs !== true || Object.hasOwn(value, ERROR)) return false;
      if ((this as unknown) === EventBusError) return true;
      // A class that an application derived has no code of its own, so that no other copy can know it.
      return Object.hasOwn(this, 'code') && (this as { readonly code?: unknown }).code === code;
    } catch {
      // A revoked proxy, or a getter that throws.
      return false;
    }
  }

  static {
    Object.defineProperty(this.prototype, ERROR, { value: true });
  }
}

/** Options, targets or handlers that cannot work. Thrown at start-up with everything that is wrong at once. */
export class ConfigurationError extends EventBusError {
  static readonly code = 'EVENT_BUS_CONFIGURATION';
  readonly code = ConfigurationError.code;

  constructor(readonly problems: readonly string[]) {
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

/** The broker refused one subscription. */
export class SubscriptionRefusedError extends EventBusError {
  static readonly code = 'EVENT_BUS_SUBSCRIPTION_REFUSED';
  readonly code = SubscriptionRefusedError.code;

  constructor(
    readonly target: string,
    options: {
      cause: unknown;
      /** What the broker said and what to do about it. @default the message of the cause */
      reason?: string;
    },
  ) {
    super(
      `Redis refused the subscription to ${quote(target)}: ${options.reason ?? reasonOf(options.cause)}.`,
      options,
    );
  }
}

/** The bus was closed: the application is shutting down. Nothing was sent. */
export class BusClosedError extends EventBusError {
  static readonly code = 'EVENT_BUS_CLOSED';
  readonly code = BusClosedError.code;

  constructor() {
    super('The event bus is closed. Publish and subscribe before onApplicationShutdown.');
  }
}

/** There is no live connection to the broker, so nothing was sent. */
export class NotConnectedError extends EventBusError {
  static readonly code = 'EVENT_BUS_NOT_CONNECTED';
  readonly code = NotConnectedError.code;

  constructor(reason?: string) {
    super(
      `Not connected to Redis, nothing was sent${reason ? ` (${reason})` : ''}. Publish again when EventBusStatus is ready.`,
    );
  }
}

/** More waits to be sent than the bus holds: Redis takes events more slowly than they are published. Nothing was sent. */
export class PublishBufferFullError extends EventBusError {
  static readonly code = 'EVENT_BUS_PUBLISH_BUFFER_FULL';
  readonly code = PublishBufferFullError.code;

  constructor(
    /** What waits at most, in words: `10,000 events or 16 MiB`. */
    readonly limit: string,
  ) {
    super(
      `Nothing was sent: ${limit} wait to be sent already. Await the events before, or publish less at once.`,
    );
  }
}

/** The channel name cannot be published to. Nothing was sent. */
export class InvalidChannelError extends EventBusError {
  static readonly code = 'EVENT_BUS_INVALID_CHANNEL';
  readonly code = InvalidChannelError.code;

  constructor(
    readonly channel: string,
    problem: string,
  ) {
    super(`Cannot publish to ${quote(channel)}: ${problem}`);
  }
}

/** A target cannot be subscribed to, or matches nothing that anybody could publish. */
export class InvalidTargetError extends EventBusError {
  static readonly code = 'EVENT_BUS_INVALID_TARGET';
  readonly code = InvalidTargetError.code;

  constructor(
    readonly target: string,
    problem: string,
  ) {
    super(`Cannot subscribe to ${quote(target)}: ${problem}`);
  }
}

/** An option of a call is not what it has to be. Nothing was sent or subscribed. */
export class InvalidOptionError extends EventBusError {
  static readonly code = 'EVENT_BUS_INVALID_OPTION';
  readonly code = InvalidOptionError.code;

  constructor(option: string, problem: string) {
    super(`${option} ${problem}`);
  }
}

/** The codec cannot turn the payload into bytes. Nothing was sent. */
export class PayloadEncodeError extends EventBusError {
  static readonly code = 'EVENT_BUS_PAYLOAD_ENCODE';
  readonly code = PayloadEncodeError.code;

  constructor(problem: string, options?: { cause?: unknown }) {
    super(`The payload cannot be sent: ${problem}`, options);
  }
}

/** The bytes of a message are not what the codec reads. No handler is called for it. */
export class PayloadDecodeError extends EventBusError {
  static readonly code = 'EVENT_BUS_PAYLOAD_DECODE';
  readonly code = PayloadDecodeError.code;

  constructor(problem: string, options?: { cause?: unknown }) {
    super(`The payload cannot be read: ${problem}`, options);
  }
}

/**
 * The payload does not fit the schema of its contract. When publishing, nothing was sent; when receiving, no handler
 * is called for it. `issues` say what is wrong, without the payload.
 */
export class PayloadInvalidError extends EventBusError {
  static readonly code = 'EVENT_BUS_PAYLOAD_INVALID';
  readonly code = PayloadInvalidError.code;

  constructor(
    /** The contract's template. */
    readonly contract: string,
    readonly issues: readonly string[],
  ) {
    super(`The payload does not fit the contract ${quote(contract)}: ${reasonOf(issues.join('; '))}.`);
  }
}

/** A payload is over `maxPayloadBytes`. When publishing, nothing was sent; when receiving, no handler is called. */
export class PayloadTooLargeError extends EventBusError {
  static readonly code = 'EVENT_BUS_PAYLOAD_TOO_LARGE';
  readonly code = PayloadTooLargeError.code;

  constructor(
    readonly channel: string,
    readonly bytes: number,
    readonly maxPayloadBytes: number,
  ) {
    super(
      `The payload for ${quote(channel)} has ${bytes} bytes, the limit is ${maxPayloadBytes}. Send a reference to the data instead, or raise maxPayloadBytes on both sides.`,
    );
  }
}

/** The broker refused the event, so nobody received it. */
export class PublishRefusedError extends EventBusError {
  static readonly code = 'EVENT_BUS_PUBLISH_REFUSED';
  readonly code = PublishRefusedError.code;

  constructor(
    readonly channel: string,
    options: {
      cause: unknown;
      /** What the broker said and what to do about it. @default the message of the cause */
      reason?: string;
    },
  ) {
    super(
      `Redis refused the event on ${quote(channel)}: ${options.reason ?? reasonOf(options.cause)}. Nothing was delivered.`,
      options,
    );
  }
}

/** The broker did not confirm the event: it may or may not have been delivered. */
export class PublishUnconfirmedError extends EventBusError {
  static readonly code = 'EVENT_BUS_PUBLISH_UNCONFIRMED';
  readonly code = PublishUnconfirmedError.code;

  constructor(
    readonly channel: string,
    options: { cause: unknown },
  ) {
    super(
      `Redis did not confirm the event on ${quote(channel)} (${reasonOf(options.cause)}); it may have been delivered. Publish again only if handlers are idempotent.`,
      options,
    );
  }
}

/** Some events of a `publishMany` failed. `outcomes` has one entry per event, in order. */
export class PublishManyError extends EventBusError {
  static readonly code = 'EVENT_BUS_PUBLISH_MANY';
  readonly code = PublishManyError.code;

  constructor(
    readonly outcomes: readonly ({ readonly subscriptions: number } | { readonly error: Error })[],
  ) {
    const errors = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []));
    super(
      `${errors.length} of ${outcomes.length} events were not published. See outcomes; the first error is: ${reasonOf(errors[0])}.`,
      { cause: errors[0] },
    );
  }
}

/** A handler's call took longer than its `timeoutMs`. Its `event.signal` is aborted with this error. */
export class HandlerTimeoutError extends EventBusError {
  static readonly code = 'EVENT_BUS_HANDLER_TIMEOUT';
  readonly code = HandlerTimeoutError.code;

  constructor(
    readonly handler: string,
    readonly timeoutMs: number,
  ) {
    super(
      `${handler} did not finish within ${timeoutMs} ms. End its work when event.signal aborts, or raise timeoutMs.`,
    );
  }
}

/** An event cannot be shared among the instances of a group, so nobody in it may handle it. */
export class GroupClaimError extends EventBusError {
  static readonly code = 'EVENT_BUS_GROUP_CLAIM';
  readonly code = GroupClaimError.code;

  constructor(
    readonly group: string,
    problem: string,
    options?: { cause?: unknown },
  ) {
    super(`The event is no use to the group ${quote(group)}: ${problem}.`, options);
  }
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
