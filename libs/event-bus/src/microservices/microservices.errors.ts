import { EventBusError, quote } from '../errors.js';

/** No service is subscribed to the channel of a request, so no reply can arrive. The request was not delivered. */
export class NoRespondersError extends EventBusError {
  static readonly code = 'EVENT_BUS_NO_RESPONDERS';
  readonly code = NoRespondersError.code;

  constructor(
    /** The channel of the request. */
    readonly channel: string,
  ) {
    super(
      `No service listens to requests on ${quote(channel)}. Start the service that has @MessagePattern for it, and use the same pattern and prefix on both sides.`,
    );
  }
}

/** No reply arrived in time. The request may have been processed, or may still be running. */
export class RequestTimeoutError extends EventBusError {
  static readonly code = 'EVENT_BUS_REQUEST_TIMEOUT';
  readonly code = RequestTimeoutError.code;

  constructor(
    /** The channel of the request. */
    readonly channel: string,
    /** How long the client waited, in milliseconds. */
    readonly timeoutMs: number,
  ) {
    super(
      `No reply on ${quote(channel)} within ${timeoutMs} ms; the request may have been processed. Send it again only if it is idempotent, or raise timeoutMs.`,
    );
  }
}

/** The connection was lost before the reply arrived. The request may have been processed. */
export class ReplyLostError extends EventBusError {
  static readonly code = 'EVENT_BUS_REPLY_LOST';
  readonly code = ReplyLostError.code;

  constructor(
    /** The channel of the request. */
    readonly channel: string,
  ) {
    super(
      `The connection was lost before the reply on ${quote(channel)}; the request may have been processed. Send it again only if it is idempotent.`,
    );
  }
}
