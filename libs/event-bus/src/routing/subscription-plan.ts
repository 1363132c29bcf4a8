import type { EventTarget } from './event-target.js';
import type { SubscriptionTarget } from './subscription-target.js';
import { targetKey } from './subscription-target.js';

/** Whoever wants events: its targets, channels before globs, otherwise as declared. */
export interface Consumer {
  readonly targets: readonly EventTarget[];
}

interface PlannedSubscription<C> {
  readonly target: SubscriptionTarget;
  /** Replaced on every change, never changed: a message may be on its way through it. */
  consumers: readonly C[];
  isConfirmed: boolean;
}

/**
 * Which subscriptions to hold for which consumers, and which of them speaks for a consumer when several
 * deliver the same event. Pure: it holds no connection and calls nobody.
 */
export class SubscriptionPlan<C extends Consumer> {
  private readonly subscriptions = new Map<string, PlannedSubscription<C>>();

  /** The consumer's subscriptions are held from now on. */
  add(consumer: C): void {
    for (const { subscription } of consumer.targets) {
      const key = targetKey(subscription);
      const planned = this.subscriptions.get(key);
      if (planned === undefined) {
        this.subscriptions.set(key, { target: subscription, consumers: [consumer], isConfirmed: false });
      } else if (!planned.consumers.includes(consumer)) {
        planned.consumers = [...planned.consumers, consumer];
      }
    }
  }

  /** Returns the subscriptions that nobody needs any more. */
  remove(consumer: C): readonly SubscriptionTarget[] {
    const unneeded: SubscriptionTarget[] = [];
    for (const { subscription } of consumer.targets) {
      const key = targetKey(subscription);
      const planned = this.subscriptions.get(key);
      if (planned === undefined) continue;
      planned.consumers = planned.consumers.filter((other) => other !== consumer);
      if (planned.consumers.length === 0) {
        this.subscriptions.delete(key);
        unneeded.push(planned.target);
      }
    }
    return unneeded;
  }

  /** From this place of the byte stream on the broker delivers through these subscriptions. */
  confirm(targets: readonly SubscriptionTarget[]): void {
    this.mark(targets, true);
  }

  /** From this place of the byte stream on it does not. */
  release(targets: readonly SubscriptionTarget[]): void {
    this.mark(targets, false);
  }

  consumersOf(target: SubscriptionTarget): readonly C[] {
    return this.subscriptions.get(targetKey(target))?.consumers ?? [];
  }

  /**
   * Redis delivers one event once per matching subscription. For each consumer and channel exactly one
   * subscription is authoritative: the first of its own targets that matches and is confirmed. Returns the
   * target that the consumer sees the event under (its first that matches), or undefined when another
   * subscription speaks for it.
   */
  accept(consumer: C, through: SubscriptionTarget, channel: string): EventTarget | undefined {
    const { targets } = consumer;
    const [only] = targets;
    if (targets.length === 1 && only?.template === undefined) return only;
    const key = targetKey(through);
    let first: EventTarget | undefined;
    for (const target of targets) {
      // A shard channel is a namespace of its own: only its own subscription delivers it.
      if ((target.subscription.kind === 'shard') !== (through.kind === 'shard')) continue;
      if (!target.matches(channel)) continue;
      first ??= target;
      const ownKey = targetKey(target.subscription);
      if (ownKey === key) return first;
      if (this.subscriptions.get(ownKey)?.isConfirmed) return undefined;
    }
    return undefined;
  }

  /** Whether this subscription delivered something that nobody's template means: Redis' globs are wider. */
  isUnmatched(through: SubscriptionTarget, channel: string): boolean {
    const key = targetKey(through);
    const served = this.consumersOf(through).flatMap(({ targets }) =>
      targets.filter((target) => targetKey(target.subscription) === key),
    );
    return served.length > 0 && served.every((target) => !target.matches(channel));
  }

  /** What consumers asked for that these subscriptions serve, as they wrote it, each once. */
  textsOf(subscriptions: readonly SubscriptionTarget[]): readonly string[] {
    const texts = new Set<string>();
    const keys = new Set(subscriptions.map(targetKey));
    const consumers = new Set(subscriptions.flatMap((subscription) => this.consumersOf(subscription)));
    for (const { targets } of consumers)
      for (const target of targets) if (keys.has(targetKey(target.subscription))) texts.add(target.text);
    return [...texts];
  }

  /** Every subscription to hold, each once. */
  targets(): readonly SubscriptionTarget[] {
    return [...this.subscriptions.values()].map((planned) => planned.target);
  }

  private mark(targets: readonly SubscriptionTarget[], isConfirmed: boolean): void {
    for (const target of targets) {
      const planned = this.subscriptions.get(targetKey(target));
      if (planned !== undefined) planned.isConfirmed = isConfirmed;
    }
  }
}
