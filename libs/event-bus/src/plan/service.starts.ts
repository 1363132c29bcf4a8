import type { PlannedSubscription } from './planned.subscription.js';

/**
 * Services that begin between two places of the byte stream, as those of handlers that are added at run time: the copies of
 * one event may be on both sides of that moment.
 */
export class ServiceStarts<C> {
  private readonly fresh = new Set<PlannedSubscription<C>>();

  /** `subscription` is served since this moment, by what is there already. */
  began(subscription: PlannedSubscription<C>): void {
    if (!subscription.hasServedSiblings) return;
    subscription.isNew = true;
    this.fresh.add(subscription);
  }

  /** It is served by another one or by none: since a place of the byte stream, or until the next `began`. */
  ended(subscription: PlannedSubscription<C>): void {
    subscription.isNew = false;
    this.fresh.delete(subscription);
  }

  /** At a place of the byte stream every event is wholly before it or behind it. */
  placed(): void {
    for (const subscription of this.fresh) subscription.isNew = false;
    this.fresh.clear();
  }
}
