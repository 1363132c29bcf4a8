import { EventBusError, quote } from '../errors.js';

/** Nobody is subscribed to the channel of a request, so that no reply can come. Nobody received it. */
export class NoRespondersError extends EventBusError {
  static readonly code = 'EVENT_BUS_NO_RESPONDERS';
  readonly code = NoRespondersError.code;

  constructor(
    /** The channel of the request. */
    readonly channel: string,
  ) {
    super(
      `Nobody listens to requests on ${quote(channel)}. Start the service that has @MessagePattern for it, and give both sides the same pattern and prefix.`,
    );
  }
}

/** No reply came in time. The request may have been carried out, or still be. */
export class RequestTimeoutError extends EventBusError {
  static readonly code = 'EVENT_BUS_REQUEST_TIMEOUT';
  readonly code = RequestTimeoutError.code;

  constructor(
    /** The channel of the request. */
    readonly channel: string,
    /** How long it was waited for, in milliseconds. */
    readonly timeoutMs: number,
  ) {
    super(
      `No reply on ${quote(channel)} within ${timeoutMs} ms; the request may have been carried out. Send again only if that does no harm, or raise timeoutMs.`,
    );
  }
}

/** The connection that the reply would have come through was lost. The request may have been carried out. */
export class ReplyLostError extends EventBusError {
  static readonly code = 'EVENT_BUS_REPLY_LOST';
  readonly code = ReplyLostError.code;

  constructor(
    /** The channel of the request. */
    readonly channel: string,
  ) {
    super(
      `The connection was lost before the reply on ${quote(channel)}; the request may have been carried out. Send again only if that does no harm.`,
    );
  }
}
