import type { SubscriptionTarget } from '../routing/subscription-target.js';
import { CoverGraph } from './cover.graph.js';
import { Outages } from './outages.js';
import { PlanBase } from './plan.base.js';
import type { PlannedSubscription } from './planned.subscription.js';
import { ServiceHandOver } from './service.hand-over.js';
import { ServiceStarts } from './service.starts.js';
import type { Consumer, Missed, SubscriptionPlan } from './subscription-plan.js';

/** Redis' own events: in a Cluster each node publishes its own, over a connection of its own. */
const KEY_EVENTS = '__key';

/** Subscribes only to targets that no other wanted target covers. Covered targets are served by the covering subscription. */
export class CoalescingPlan<C extends Consumer> extends PlanBase<C> implements SubscriptionPlan<C> {
  private readonly graph = new CoverGraph<C>(() => this.all(), {
    rooted: (subscription) => this.handOver.begin(subscription),
    changed: (subscription) => this.update(subscription),
  });
  private readonly outages = new Outages<C>();
  private readonly starts = new ServiceStarts<C>();
  private readonly handOver = new ServiceHandOver<C>(this.starts, (subscription) =>
    this.outages.served(subscription),
  );

  confirm(targets: readonly SubscriptionTarget[]): void {
    this.revision += 1;
    for (const subscription of this.known(targets)) {
      subscription.advance('confirmed');
      this.graph.restore(subscription);
      this.handOver.confirmed(subscription);
      this.update(subscription);
    }
    this.starts.placed();
  }

  release(targets: readonly SubscriptionTarget[]): void {
    this.revision += 1;
    const released = this.known(targets);
    for (const subscription of released) subscription.advance('released');
    for (const subscription of released) {
      for (const [other, owner] of this.handOver.released(subscription)) {
        this.outages.interrupted(other, owner);
      }
    }
    this.starts.placed();
  }

  deny(targets: readonly SubscriptionTarget[], sinceMs?: number): void {
    this.revision += 1;
    for (const subscription of this.known(targets)) {
      subscription.advance('denied');
      if (subscription.phase === 'denied') this.graph.expose(subscription);
      this.outages.denied(subscription, sinceMs);
      this.update(subscription);
    }
  }

  takeInterrupted(targets: readonly SubscriptionTarget[]): readonly string[] {
    const texts = new Set<string>();
    for (const subscription of this.known(targets)) {
      for (const other of this.outages.takeInterrupted(subscription)) {
        for (const text of other.texts()) texts.add(text);
      }
    }
    return [...texts];
  }

  takeMissed(): Missed | undefined {
    return this.outages.takeMissed();
  }

  protected isShared({ kind, name }: SubscriptionTarget): boolean {
    return kind !== 'shard' && !name.startsWith(KEY_EVENTS);
  }

  protected begun(fresh: ReadonlySet<PlannedSubscription<C>>): void {
    this.graph.add(fresh);
  }

  protected ended(subscription: PlannedSubscription<C>): void {
    this.outages.forget(subscription);
    this.handOver.end(subscription);
    this.graph.remove(subscription);
  }

  protected mayLeave(subscription: PlannedSubscription<C>): boolean {
    return this.handOver.mayLeave(subscription);
  }

  protected leaves(subscription: PlannedSubscription<C>): void {
    this.handOver.leave(subscription);
    this.outages.left(subscription);
  }
}
