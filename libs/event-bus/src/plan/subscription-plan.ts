import type { HandlerTarget } from '../routing/handler-target.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { Route } from './binding.list.js';
import { CoalescingPlan } from './coalescing-plan.js';
import { PlainPlan } from './plain-plan.js';

export type { Route };

/** A consumer of events: its targets, channels before globs, otherwise as declared. */
export interface Consumer {
  readonly targets: readonly HandlerTarget[];
}

/** The changes that the broker needs. */
export interface PlanChanges {
  readonly subscribe: readonly SubscriptionTarget[];
  /** Call {@link SubscriptionPlan.left} once the broker has answered. */
  readonly unsubscribe: readonly SubscriptionTarget[];
}

/** Targets that were not delivered for some time, and that another subscription delivers now. */
export interface Missed {
  /** The targets as written. */
  readonly texts: readonly string[];
  /** The moment until which nothing is missing, by the clock of {@link SubscriptionPlan.deny}. */
  readonly fromMs: number;
}

/**
 * Which subscriptions the consumers need, and which one counts for a target when several deliver the same event. Pure: it has
 * no connection and no side effects.
 *
 * The server of a target only changes when the broker confirms or releases a subscription, in stream order: `add` and `remove`
 * only change what to subscribe to.
 */
export interface SubscriptionPlan<C extends Consumer> {
  /** Increases with each call that may change the result of {@link routesFor}: until then, results can be cached. */
  readonly revision: number;
  add(consumers: Iterable<C>): void;
  /** Like {@link add}, but pauses after each `slice` targets. The targets added so far are complete, even within a consumer. */
  adding(consumers: Iterable<C>, slice: number): Generator<void, void>;
  /**
   * Returns the targets that no consumer wants any more. They may stay subscribed for some time, for the targets they cover.
   */
  remove(consumer: C): readonly SubscriptionTarget[];
  has(consumer: C): boolean;

  /** The changes to send to the broker now. They count as sent. */
  changes(): PlanChanges;
  /** From this stream position on, the broker delivers through these subscriptions. */
  confirm(targets: readonly SubscriptionTarget[]): void;
  /** From this stream position on, it does not. */
  release(targets: readonly SubscriptionTarget[]): void;
  /**
   * The broker denies these: the targets they cover need subscriptions of their own.
   *
   * @param sinceMs the moment until which no delivery of theirs is missing. Undefined if they never delivered.
   */
  deny(targets: readonly SubscriptionTarget[], sinceMs?: number): void;
  /** The broker has answered that these are unsubscribed. */
  left(targets: readonly SubscriptionTarget[]): void;

  /**
   * The targets that these subscriptions serve, or served when they were interrupted: as written, without duplicates. The
   * interruption is over, and counts as reported.
   */
  takeInterrupted(targets: readonly SubscriptionTarget[]): readonly string[];
  /** The outages that ended since the last call: none until all that can end have ended. */
  takeMissed(): Missed | undefined;

  /** Who gets a delivery of a subscription on a channel, without duplicates. The list is not changed later. */
  routesFor(through: SubscriptionTarget, channel: string): readonly Route<C>[];
  /** Whether this subscription delivered a channel that matches no template: the globs of templates are wider. */
  isUnmatched(through: SubscriptionTarget, channel: string): boolean;
  /** Whether a consumer wants events on this channel. */
  isWanted(channel: string): boolean;

  /** Every subscription that the broker must have, without duplicates; including those kept until others have taken over. */
  targets(): readonly SubscriptionTarget[];
  /** The subscription that this target needs: its own, or the one that covers it. Undefined if no consumer wants it. */
  neededFor(target: SubscriptionTarget): SubscriptionTarget | undefined;
  /** The subscription whose deliveries count for this target now. */
  serverOf(target: SubscriptionTarget): SubscriptionTarget | undefined;
  /** Whether the broker's answer to an unsubscription is outstanding. */
  isLeaving(target: SubscriptionTarget): boolean;
  /**
   * Whether there is nothing left to wait for until the broker delivers this one only for others: it does not deliver it, a
   * consumer wants it again, or its replacement is denied.
   */
  isGivenUp(target: SubscriptionTarget): boolean;
}

/** @param coalesce whether a target is served by the subscription of another wanted target that covers it */
export function subscriptionPlan<C extends Consumer>({
  coalesce = true,
}: { readonly coalesce?: boolean } = {}): SubscriptionPlan<C> {
  return coalesce ? new CoalescingPlan<C>() : new PlainPlan<C>();
}
