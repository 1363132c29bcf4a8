import { reasonOf } from '../foreign.js';
import { quote } from '../printable.js';
import { EventBusError } from './event-bus.error.js';

/** The broker refused one subscription. */
export class SubscriptionRefusedError extends EventBusError {
  static readonly code = 'EVENT_BUS_SUBSCRIPTION_REFUSED';
  readonly code = SubscriptionRefusedError.code;

  constructor(
    /** The channel or the glob, as Redis knows it. */
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

/** A target cannot be subscribed to, or matches nothing that anybody could publish. */
export class InvalidTargetError extends EventBusError {
  static readonly code = 'EVENT_BUS_INVALID_TARGET';
  readonly code = InvalidTargetError.code;

  constructor(
    /** As it was passed to the subscriber or the decorator. */
    readonly target: string,
    problem: string,
  ) {
    super(`Cannot subscribe to ${quote(target)}: ${problem}`);
  }
}
