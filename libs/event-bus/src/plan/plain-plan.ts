import type { SubscriptionTarget } from '../routing/subscription-target.js';
import { PlanBase } from './plan.base.js';
import type { PlannedSubscription } from './planned.subscription.js';
import type { Consumer, Missed, SubscriptionPlan } from './subscription-plan.js';

/** Subscribes to every target separately (`coalesce: false`): each is served by its own subscription, or by none. */
export class PlainPlan<C extends Consumer> extends PlanBase<C> implements SubscriptionPlan<C> {
  confirm(targets: readonly SubscriptionTarget[]): void {
    this.revision += 1;
    for (const subscription of this.known(targets)) {
      subscription.advance('confirmed');
      serve(subscription);
      this.update(subscription);
    }
  }

  release(targets: readonly SubscriptionTarget[]): void {
    this.revision += 1;
    for (const subscription of this.known(targets)) {
      subscription.advance('released');
      serve(subscription);
    }
  }

  deny(targets: readonly SubscriptionTarget[]): void {
    this.revision += 1;
    for (const subscription of this.known(targets)) {
      subscription.advance('denied');
      this.update(subscription);
    }
  }

  takeInterrupted(targets: readonly SubscriptionTarget[]): readonly string[] {
    return [...new Set(this.known(targets).flatMap((subscription) => [...subscription.texts()]))];
  }

  /** Nothing replaces a denied subscription. */
  takeMissed(): Missed | undefined {
    return undefined;
  }

  protected isShared(): boolean {
    return false;
  }

  protected begun(fresh: ReadonlySet<PlannedSubscription<C>>): void {
    for (const subscription of fresh) serve(subscription);
  }

  protected ended(subscription: PlannedSubscription<C>): void {
    serve(subscription);
  }

  protected mayLeave(): boolean {
    return true;
  }

  protected leaves(): void {
    // It serves no consumer, because it is not wanted.
  }
}

function serve<C>(subscription: PlannedSubscription<C>): void {
  subscription.server = subscription.isWanted && subscription.isLive ? subscription : undefined;
}
