import type { SubscriptionKind, SubscriptionTarget } from '../routing/subscription-target.js';
import type { Binding, Route } from './binding.list.js';
import { PlannedSubscription } from './planned.subscription.js';
import type { Consumer, PlanChanges } from './subscription-plan.js';

/**
 * The common part of all plans: which consumer wants which targets, which changes the broker needs, and who gets a delivery.
 */
export abstract class PlanBase<C extends Consumer> {
  protected readonly subscriptions: Readonly<Record<SubscriptionKind, Map<string, PlannedSubscription<C>>>> =
    {
      channel: new Map(),
      pattern: new Map(),
      shard: new Map(),
    };
  /** Changes whenever routes may have changed. */
  revision = 0;
  /** The targets of each consumer. Public for a check in the tests, like the two below. */
  readonly bindingsOf = new Map<C, readonly Binding<C>[]>();
  /** Needed but not subscribed. */
  readonly missing = new Set<PlannedSubscription<C>>();
  /** Subscribed but not needed. */
  readonly retiring = new Set<PlannedSubscription<C>>();

  abstract release(targets: readonly SubscriptionTarget[]): void;
  /** Whether it may cover others and be covered. */
  protected abstract isShared(target: SubscriptionTarget): boolean;
  /** These are now wanted. */
  protected abstract begun(fresh: ReadonlySet<PlannedSubscription<C>>): void;
  /** No consumer wants it any more. */
  protected abstract ended(subscription: PlannedSubscription<C>): void;
  /** Whether a subscription that is not needed can be unsubscribed. */
  protected abstract mayLeave(subscription: PlannedSubscription<C>): boolean;
  /** It is about to be unsubscribed. */
  protected abstract leaves(subscription: PlannedSubscription<C>): void;

  add(consumers: Iterable<C>): void {
    for (const _ of this.adding(consumers, Infinity));
  }

  *adding(consumers: Iterable<C>, slice: number): Generator<void, void> {
    let fresh = new Set<PlannedSubscription<C>>();
    let left = slice;
    for (const consumer of consumers) {
      if (this.bindingsOf.has(consumer)) continue;
      const siblings: Binding<C>[] = [];
      this.bindingsOf.set(consumer, siblings);
      for (const target of consumer.targets) {
        if (left === 0) {
          this.begin(fresh);
          fresh = new Set();
          left = slice;
          yield;
          // It may have been removed in the meantime.
          if (this.bindingsOf.get(consumer) !== siblings) break;
        }
        left -= 1;
        const subscription = this.planned(target.subscription);
        const binding = { consumer, target, subscription, siblings, isOnly: consumer.targets.length === 1 };
        siblings.push(binding);
        if (!subscription.isWanted) fresh.add(subscription);
        subscription.bindings.add(binding);
      }
    }
    this.begin(fresh);
  }

  remove(consumer: C): readonly SubscriptionTarget[] {
    this.revision += 1;
    const bindings = this.bindingsOf.get(consumer) ?? [];
    this.bindingsOf.delete(consumer);
    const unwanted = new Set<PlannedSubscription<C>>();
    for (const binding of bindings) {
      binding.subscription.bindings.delete(binding);
      if (!binding.subscription.isWanted) unwanted.add(binding.subscription);
    }
    for (const subscription of unwanted) {
      this.ended(subscription);
      this.update(subscription);
    }
    return [...unwanted].map(targetOf);
  }

  has(consumer: C): boolean {
    return this.bindingsOf.has(consumer);
  }

  changes(): PlanChanges {
    this.revision += 1;
    const subscribe = [...this.missing];
    this.missing.clear();
    for (const subscription of subscribe) subscription.advance('subscribe');
    const unsubscribe = [...this.retiring].filter((subscription) => this.mayLeave(subscription));
    for (const subscription of unsubscribe) {
      this.retiring.delete(subscription);
      subscription.advance('unsubscribe');
      this.leaves(subscription);
    }
    return { subscribe: subscribe.map(targetOf), unsubscribe: unsubscribe.map(targetOf) };
  }

  left(targets: readonly SubscriptionTarget[]): void {
    this.revision += 1;
    this.release(targets);
    for (const subscription of this.known(targets)) {
      subscription.advance('answered');
      this.update(subscription);
    }
  }

  routesFor({ kind, name }: SubscriptionTarget, channel: string): readonly Route<C>[] {
    return this.subscriptions[kind].get(name)?.routesOn(channel) ?? NOBODY;
  }

  isUnmatched(through: SubscriptionTarget, channel: string): boolean {
    return this.find(through)?.isUnmatchedOn(channel) ?? false;
  }

  isWanted(channel: string): boolean {
    if (this.subscriptions.channel.get(channel)?.isWanted || this.subscriptions.shard.get(channel)?.isWanted)
      return true;
    for (const pattern of this.subscriptions.pattern.values()) {
      if (pattern.isWanted && pattern.shape.matches(channel)) return true;
    }
    return false;
  }

  targets(): readonly SubscriptionTarget[] {
    return this.all()
      .filter(({ isNeeded, phase, isLeaving }) => (isNeeded || phase !== 'idle') && !isLeaving)
      .map(targetOf);
  }

  neededFor(target: SubscriptionTarget): SubscriptionTarget | undefined {
    const subscription = this.find(target);
    return subscription?.isWanted ? subscription.root.target : undefined;
  }

  serverOf(target: SubscriptionTarget): SubscriptionTarget | undefined {
    return this.find(target)?.server?.target;
  }

  isLeaving(target: SubscriptionTarget): boolean {
    return this.find(target)?.isLeaving ?? false;
  }

  isGivenUp(target: SubscriptionTarget): boolean {
    const subscription = this.find(target);
    if (subscription === undefined || subscription.isWanted) return true;
    if (subscription.isLeaving) return false;
    return !subscription.isLive || [...subscription.served()].some(({ root }) => root.phase === 'denied');
  }

  /** Everything that consumers want or that is subscribed at the broker. */
  all(): readonly PlannedSubscription<C>[] {
    return Object.values(this.subscriptions).flatMap((planned) => [...planned.values()]);
  }

  protected find({ kind, name }: SubscriptionTarget): PlannedSubscription<C> | undefined {
    return this.subscriptions[kind].get(name);
  }

  protected known(targets: readonly SubscriptionTarget[]): readonly PlannedSubscription<C>[] {
    return targets.flatMap((target) => this.find(target) ?? []);
  }

  /** Records the change that the broker needs for this one. */
  protected update(subscription: PlannedSubscription<C>): void {
    const { isNeeded, phase, isLeaving, isWanted, target } = subscription;
    this.missing.delete(subscription);
    this.retiring.delete(subscription);
    if (isLeaving) return;
    if (isNeeded && phase === 'idle') this.missing.add(subscription);
    if (!isNeeded && phase !== 'idle') this.retiring.add(subscription);
    if (!isWanted && phase === 'idle') this.subscriptions[target.kind].delete(target.name);
  }

  private begin(fresh: ReadonlySet<PlannedSubscription<C>>): void {
    this.revision += 1;
    this.begun(fresh);
    for (const subscription of fresh) this.update(subscription);
  }

  private planned(target: SubscriptionTarget): PlannedSubscription<C> {
    const known = this.find(target);
    if (known !== undefined) return known;
    const planned = new PlannedSubscription<C>(target, this.isShared(target));
    this.subscriptions[target.kind].set(target.name, planned);
    return planned;
  }
}

const NOBODY: readonly never[] = [];

function targetOf({ target }: { readonly target: SubscriptionTarget }): SubscriptionTarget {
  return target;
}
