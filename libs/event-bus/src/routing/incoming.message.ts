import type { SubscriptionTarget } from './subscription-target.js';

/** A message that arrived on a channel, through one subscription. */
export interface IncomingMessage {
  /** The subscription that delivers it: equal to a target passed to `EventTransport.subscribe`. */
  readonly through: SubscriptionTarget;
  /** The channel that it was published to. */
  readonly channel: string;
  /**
   * The published bytes, in a Buffer that belongs to this message; or a string if they are valid UTF-8 and
   * `MessageSettings.takesText` is true.
   */
  readonly body: Buffer | string;
  /** The number of published bytes, if `body` is only the beginning of a message that is too large. @default the size of `body` */
  readonly bytes?: number | undefined;
  /** When it reached this process, in milliseconds since the epoch. @default the time of the call that delivers it */
  readonly receivedAtMs?: number | undefined;
  /** The node that sent it, if each node sends its own messages, as the masters of a Cluster do for their key events. */
  readonly node?: string | undefined;
}
