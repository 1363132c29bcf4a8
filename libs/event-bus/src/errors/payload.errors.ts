import { reasonOf } from '../foreign.js';
import { quote } from '../printable.js';
import { EventBusError } from './event-bus.error.js';

/** The codec cannot encode the payload. Nothing was sent. */
export class PayloadEncodeError extends EventBusError {
  static readonly code = 'EVENT_BUS_PAYLOAD_ENCODE';
  readonly code = PayloadEncodeError.code;

  constructor(problem: string, options?: { cause?: unknown }) {
    super(`The payload cannot be sent: ${problem}`, options);
  }
}

/** The codec cannot decode the bytes of a message. No handler is called for it. */
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
    /** What is wrong with the payload, without its values: `items.0.quantity: must be a number`. */
    readonly issues: readonly string[],
  ) {
    super(`The payload does not fit the contract ${quote(contract)}: ${reasonOf(issues.join('; '))}.`);
  }
}

/** A payload exceeds `maxPayloadBytes`. When publishing, nothing was sent; when receiving, no handler is called. */
export class PayloadTooLargeError extends EventBusError {
  static readonly code = 'EVENT_BUS_PAYLOAD_TOO_LARGE';
  readonly code = PayloadTooLargeError.code;

  constructor(
    /** The channel of the event. */
    readonly channel: string,
    /** The size of the encoded payload. */
    readonly bytes: number,
    /** The limit that it exceeds. */
    readonly maxPayloadBytes: number,
  ) {
    super(
      `The payload for ${quote(channel)} has ${bytes} bytes, the limit is ${maxPayloadBytes}. Send a reference to the data instead, or raise maxPayloadBytes on both sides.`,
    );
  }
}
