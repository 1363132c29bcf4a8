import type { Redis } from 'ioredis';
import { setSubscriptions, subscriptionsOf } from './driver.internals.js';

/**
 * Keeps a client in the mode in which it reads messages. UNSUBSCRIBE answers with the channels and patterns that are left,
 * SUNSUBSCRIBE with the shard channels. ioredis takes a 0 in either for the end of all subscriptions, and from then on loses the
 * messages of the others.
 */
export class SubscriberMode {
  /** What the driver notes its subscriptions in, of the current connection. */
  private kept: unknown;

  constructor(
    private readonly redis: Redis,
    /** Called with what the driver notes its subscriptions in. */
    private readonly entered: (subscriptions: unknown) => void,
  ) {}

  /** The server has answered something. */
  keep(): void {
    this.kept = subscriptionsOf(this.redis) || this.kept;
    setSubscriptions(this.redis, this.kept);
    this.entered(this.kept);
  }

  /** The connection is gone. */
  leave(): void {
    this.kept = undefined;
  }
}
