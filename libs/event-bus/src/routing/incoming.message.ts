import type { SubscriptionTarget } from './subscription-target.js';

/** Bytes that came on a channel, through one subscription. */
export interface IncomingMessage {
  /** The subscription that delivers it: equal to a target that was given to `EventTransport.subscribe`. */
  readonly through: SubscriptionTarget;
  /** Where it was published. */
  readonly channel: string;
  /** The bytes as they were published, in a Buffer of this message's own. */
  readonly body: Buffer;
  /** Which of several brokers speaks, where each speaks for itself alone, as the masters of a Cluster do of their keys. */
  readonly node?: string | undefined;
}
