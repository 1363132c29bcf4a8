import type { HandlerTarget } from '../routing/handler-target.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { Route } from './binding.list.js';
import { CoalescingPlan } from './coalescing-plan.js';
import { PlainPlan } from './plain-plan.js';

export type { Route };

/** Whoever wants events: its targets, channels before globs, otherwise as declared. */
export interface Consumer {
  readonly targets: readonly HandlerTarget[];
}

/** What is to be told to the broker. */
export interface PlanChanges {
  readonly subscribe: readonly SubscriptionTarget[];
  /** To be followed by {@link SubscriptionPlan.left} once the broker has answered. */
  readonly unsubscribe: readonly SubscriptionTarget[];
}

/** What nobody delivered for a while, and what another subscription than before delivers now. */
export interface Missed {
  /** As they were written. */
  readonly texts: readonly string[];
  /** The moment up to which nothing is missing, by the clock of {@link SubscriptionPlan.deny}. */
  readonly fromMs: number;
}

/**
 * Which subscriptions to hold for which consumers, and which of them speaks for a target when several deliver the same
 * event. Pure: it holds no connection and calls nobody.
 *
 * Who serves a target changes only where the broker confirms or releases a subscription, at that place of the byte
 * stream: `add` and `remove` say what to hold.
 */
export interface SubscriptionPlan<C extends Consumer> {
  /** Another number after each call that may have changed what {@link routesFor} answers: what it said is known until then. */
  readonly revision: number;
  add(consumers: Iterable<C>): void;
  /** As {@link add}, and pauses after each `slice` targets: what is in by then is complete, also within a consumer. */
  adding(consumers: Iterable<C>, slice: number): Generator<void, void>;
  /** Returns what nobody asks for any more. It may still be held for a while, for what it covers. */
  remove(consumer: C): readonly SubscriptionTarget[];
  has(consumer: C): boolean;

  /** What to tell the broker now: as if it were told. */
  changes(): PlanChanges;
  /** From this place of the byte stream on the broker delivers through these subscriptions. */
  confirm(targets: readonly SubscriptionTarget[]): void;
  /** From this place of the byte stream on it does not. */
  release(targets: readonly SubscriptionTarget[]): void;
  /**
   * The broker denies these: what they cover is to be held by itself.
   *
   * @param sinceMs the moment up to which nothing of what they deliver is missing. Undefined when they never did.
   */
  deny(targets: readonly SubscriptionTarget[], sinceMs?: number): void;
  /** The broker has answered that it holds these no more. */
  left(targets: readonly SubscriptionTarget[]): void;

  /**
   * What consumers asked for that these subscriptions serve, or served when they were interrupted: as written, each
   * once. The interruption is over, and counts as reported.
   */
  takeInterrupted(targets: readonly SubscriptionTarget[]): readonly string[];
  /** The outages that are over since the last call: none before all are over that can be. */
  takeMissed(): Missed | undefined;

  /** Who gets what a subscription delivers on a channel, each consumer once. The list is not changed later. */
  routesFor(through: SubscriptionTarget, channel: string): readonly Route<C>[];
  /** Whether this subscription delivered something that nobody's template means: Redis' globs are wider. */
  isUnmatched(through: SubscriptionTarget, channel: string): boolean;
  /** Whether somebody wants what is published on this channel. */
  isWanted(channel: string): boolean;

  /** Every subscription to hold, each once; those too that are held until others have taken over. */
  targets(): readonly SubscriptionTarget[];
  /** The subscription that this target needs: its own, or the one that covers it. Undefined when nobody asks for it. */
  neededFor(target: SubscriptionTarget): SubscriptionTarget | undefined;
  /** The subscription whose deliveries count for this target now. */
  serverOf(target: SubscriptionTarget): SubscriptionTarget | undefined;
  /** Whether it waits for the broker's answer to an unsubscription. */
  isLeaving(target: SubscriptionTarget): boolean;
  /**
   * Whether nothing more is to be waited for until the broker delivers this one for others alone: it does not deliver it,
   * somebody wants it again, or what takes its place is denied.
   */
  isGivenUp(target: SubscriptionTarget): boolean;
}

/** @param coalesce whether a target that another wanted one covers is served by that one's subscription */
export function subscriptionPlan<C extends Consumer>({
  coalesce = true,
}: { readonly coalesce?: boolean } = {}): SubscriptionPlan<C> {
  return coalesce ? new CoalescingPlan<C>() : new PlainPlan<C>();
}
