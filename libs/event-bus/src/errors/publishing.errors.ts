import { reasonOf } from '../foreign.js';
import { quote } from '../printable.js';
import type { BrokerRefusal } from './broker.refusal.js';
import { refusedBecause } from './broker.refusal.js';
import { EventBusError } from './event-bus.error.js';

/** There is no live connection to the broker. Nothing was sent. */
export class NotConnectedError extends EventBusError {
  static readonly code = 'EVENT_BUS_NOT_CONNECTED';
  readonly code = NotConnectedError.code;

  constructor(reason?: string) {
    super(
      `Not connected to Redis, nothing was sent${reason ? ` (${reason})` : ''}. Publish again when EventBusStatus is ready.`,
    );
  }
}

/** The send buffer is full: Redis takes events more slowly than they are published. Nothing was sent. */
export class PublishBufferFullError extends EventBusError {
  static readonly code = 'EVENT_BUS_PUBLISH_BUFFER_FULL';
  readonly code = PublishBufferFullError.code;

  constructor(
    /** The limit of the buffer, in words: `10,000 events or 16 MiB`. */
    readonly limit: string,
  ) {
    super(
      `Nothing was sent: the send buffer is full (${limit}). Await earlier publishes, or publish fewer events at once.`,
    );
  }
}

/** The channel name cannot be published to. Nothing was sent. */
export class InvalidChannelError extends EventBusError {
  static readonly code = 'EVENT_BUS_INVALID_CHANNEL';
  readonly code = InvalidChannelError.code;

  constructor(
    /** As it was passed to `publish`. */
    readonly channel: string,
    problem: string,
  ) {
    super(`Cannot publish to ${quote(channel)}: ${problem}`);
  }
}

/** The broker refused the event, so no subscriber received it. */
export class PublishRefusedError extends EventBusError {
  static readonly code = 'EVENT_BUS_PUBLISH_REFUSED';
  readonly code = PublishRefusedError.code;

  constructor(
    /** The channel of the event. */
    readonly channel: string,
    refusal: BrokerRefusal,
  ) {
    super(
      `Redis refused the event on ${quote(channel)}: ${refusedBecause(refusal)}. Nothing was delivered.`,
      refusal,
    );
  }
}

/** The broker did not confirm the event: it may or may not have been delivered. */
export class PublishUnconfirmedError extends EventBusError {
  static readonly code = 'EVENT_BUS_PUBLISH_UNCONFIRMED';
  readonly code = PublishUnconfirmedError.code;

  constructor(
    /** The channel of the event. */
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
    /** One per event, in order: the number of subscriptions, or the error. */
    readonly outcomes: readonly ({ readonly subscriptions: number } | { readonly error: Error })[],
  ) {
    const errors = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []));
    super(
      `${errors.length} of ${outcomes.length} events were not published. See outcomes; the first error is: ${reasonOf(errors[0])}.`,
      { cause: errors[0] },
    );
  }
}
