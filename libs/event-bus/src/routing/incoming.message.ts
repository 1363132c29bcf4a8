import type { SubscriptionTarget } from './subscription-target.js';

/** A message that arrived on a channel, through one subscription. */
export interface IncomingMessage {
  /** The subscription that delivers it: equal to a target passed to `EventTransport.subscribe`. */
  readonly through: SubscriptionTarget;
  /** The channel that it was published to. */
  readonly channel: string;
  /** The published bytes, in a Buffer that belongs to this message. */
  readonly body: Buffer;
  /** The node that sent it, if each node sends its own messages, as the masters of a Cluster do for their key events. */
  readonly node?: string | undefined;
}
