import { quote } from '../printable.js';
import type { BrokerRefusal } from './broker.refusal.js';
import { refusedBecause } from './broker.refusal.js';
import { EventBusError } from './event-bus.error.js';

/** The broker refused one subscription. */
export class SubscriptionRefusedError extends EventBusError {
  static readonly code = 'EVENT_BUS_SUBSCRIPTION_REFUSED';
  readonly code = SubscriptionRefusedError.code;

  constructor(
    /** The channel or the glob, as Redis knows it. */
    readonly target: string,
    refusal: BrokerRefusal,
  ) {
    super(`Redis refused the subscription to ${quote(target)}: ${refusedBecause(refusal)}.`, refusal);
  }
}

/** A target cannot be subscribed to, or no channel that can be published to matches it. */
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
