import { quote } from '../printable.js';
import { EventBusError } from './event-bus.error.js';

/** A handler's call took longer than its `timeoutMs`. Its `event.signal` is aborted with this error. */
export class HandlerTimeoutError extends EventBusError {
  static readonly code = 'EVENT_BUS_HANDLER_TIMEOUT';
  readonly code = HandlerTimeoutError.code;

  constructor(
    /** `OrderNotifier.notify`. */
    readonly handler: string,
    /** The limit that was exceeded, in milliseconds. */
    readonly timeoutMs: number,
  ) {
    super(
      `${handler} did not finish within ${timeoutMs} ms. End its work when event.signal aborts, or raise timeoutMs.`,
    );
  }
}

/** A group cannot claim an event for one of its instances, so no instance of the group handles it. */
export class GroupClaimError extends EventBusError {
  static readonly code = 'EVENT_BUS_GROUP_CLAIM';
  readonly code = GroupClaimError.code;

  constructor(
    /** The handler's group. */
    readonly group: string,
    problem: string,
    options?: { cause?: unknown },
  ) {
    super(`Group ${quote(group)} cannot claim this event: ${problem}.`, options);
  }
}
