import type { Redis } from 'ioredis';
import { setSubscriptions, subscriptionsOf } from './driver.internals.js';

/**
 * Keeps a client in the mode in which it reads messages. UNSUBSCRIBE answers with the number of remaining channels and
 * patterns, SUNSUBSCRIBE with that of shard channels. ioredis takes a 0 in either for the end of all subscriptions, and from
 * then on loses the messages of the others.
 */
export class SubscriberMode {
  /** The driver's record of the subscriptions of the current connection. */
  private kept: unknown;

  constructor(
    private readonly redis: Redis,
    /** Called with the driver's record of its subscriptions. */
    private readonly entered: (subscriptions: unknown) => void,
  ) {}

  /** The server has sent an answer. */
  keep(): void {
    this.kept = subscriptionsOf(this.redis) || this.kept;
    setSubscriptions(this.redis, this.kept);
    this.entered(this.kept);
  }

  /** The connection is lost. */
  leave(): void {
    this.kept = undefined;
  }
}
