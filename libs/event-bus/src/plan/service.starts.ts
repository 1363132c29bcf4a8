import type { PlannedSubscription } from './planned.subscription.js';

/**
 * Services that begin between two stream positions, such as those of handlers added at run time: copies of one event may be on
 * both sides of that moment.
 */
export class ServiceStarts<C> {
  private readonly fresh = new Set<PlannedSubscription<C>>();

  /** An existing subscription serves `subscription` from this moment on. */
  began(subscription: PlannedSubscription<C>): void {
    if (!subscription.hasServedSiblings) return;
    subscription.isNew = true;
    this.fresh.add(subscription);
  }

  /** Another subscription serves it, or none: since a stream position, or until the next `began`. */
  ended(subscription: PlannedSubscription<C>): void {
    subscription.isNew = false;
    this.fresh.delete(subscription);
  }

  /** At a stream position, every event is entirely before or entirely after it. */
  placed(): void {
    for (const subscription of this.fresh) subscription.isNew = false;
    this.fresh.clear();
  }
}
