import { CoverIndex } from './cover.index.js';
import type { EventTarget } from './event-target.js';
import { PlannedSubscription } from './planned.subscription.js';
import type { Route, Way } from './planned.subscription.js';
import type { SubscriptionKind, SubscriptionTarget } from './subscription-target.js';

export type { Route };

/** Whoever wants events: its targets, channels before globs, otherwise as declared. */
export interface Consumer {
  readonly targets: readonly EventTarget[];
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

interface Outage<C> {
  readonly fromMs: number;
  /** What was denied. When it is back itself, whoever holds the link tells of the outage. */
  readonly denied: PlannedSubscription<C>;
}

/** Redis' own events: on a Cluster each node has its own, on connections of their own. */
const KEY_EVENTS = '__key';

/**
 * Which subscriptions to hold for which consumers, and which of them speaks for a target when several deliver the same
 * event. Pure: it holds no connection and calls nobody.
 *
 * Only targets that no other wanted one covers are held. Who serves a target changes only where the broker confirms or
 * releases a subscription, at that place of the byte stream: `add` and `remove` say what to hold, and what is on its
 * way out stays until everything that it serves has a live subscription instead.
 */
export class SubscriptionPlan<C extends Consumer> {
  private readonly subscriptions: Readonly<Record<SubscriptionKind, Map<string, PlannedSubscription<C>>>> = {
    channel: new Map(),
    pattern: new Map(),
    shard: new Map(),
  };
  private readonly waysOf = new Map<C, readonly Way<C>[]>();
  /** Wanted patterns that are not denied. */
  private readonly patterns = new CoverIndex<PlannedSubscription<C>>();
  /** Needed and not held. */
  private readonly missing = new Set<PlannedSubscription<C>>();
  /** Held and not needed. */
  private readonly retiring = new Set<PlannedSubscription<C>>();
  /** Those that are new at their server. */
  private readonly newlyServed = new Set<PlannedSubscription<C>>();
  /** Not served since something was denied. */
  private readonly outages = new Map<PlannedSubscription<C>, Outage<C>>();
  /** Outages that are over and were not told yet. */
  private over: { texts: readonly string[]; fromMs: number }[] = [];
  private readonly isCoalescing: boolean;

  /** @param coalesce whether a target that another wanted one covers is served by that one's subscription */
  constructor({ coalesce = true }: { readonly coalesce?: boolean } = {}) {
    this.isCoalescing = coalesce;
  }

  add(consumers: Iterable<C>): void {
    for (const _ of this.adding(consumers, Infinity));
  }

  /** As {@link add}, and pauses after each `slice` targets: what is in by then is complete, also within a consumer. */
  *adding(consumers: Iterable<C>, slice: number): Generator<void, void> {
    let fresh = new Set<PlannedSubscription<C>>();
    let left = slice;
    for (const consumer of consumers) {
      if (this.waysOf.has(consumer)) continue;
      const ways: Way<C>[] = [];
      this.waysOf.set(consumer, ways);
      for (const target of consumer.targets) {
        if (left === 0) {
          this.begun(fresh);
          fresh = new Set();
          left = slice;
          yield;
          // It may have been removed meanwhile.
          if (this.waysOf.get(consumer) !== ways) break;
        }
        left -= 1;
        const subscription = this.planned(target.subscription);
        const way = { consumer, target, subscription, ways, isOnly: consumer.targets.length === 1 };
        ways.push(way);
        if (!subscription.isWanted) fresh.add(subscription);
        subscription.addUser(way);
      }
    }
    this.begun(fresh);
  }

  /** Returns what nobody asks for any more. It may still be held for a while, for what it covers. */
  remove(consumer: C): readonly SubscriptionTarget[] {
    const ways = this.waysOf.get(consumer) ?? [];
    this.waysOf.delete(consumer);
    const unwanted = new Set<PlannedSubscription<C>>();
    for (const way of ways) {
      way.subscription.removeUser(way);
      if (!way.subscription.isWanted) unwanted.add(way.subscription);
    }
    for (const subscription of unwanted) {
      this.outages.delete(subscription);
      this.serve(subscription, undefined);
      this.inherit(subscription, undefined);
      this.uncover(subscription);
      this.expose(subscription);
      this.update(subscription);
    }
    return [...unwanted].map(({ target }) => target);
  }

  /** What to tell the broker now: as if it were told. */
  changes(): PlanChanges {
    const subscribe = [...this.missing];
    this.missing.clear();
    for (const subscription of subscribe) subscription.isHeld = true;
    const unsubscribe = [...this.retiring].filter((subscription) => this.mayLeave(subscription));
    for (const subscription of unsubscribe) {
      this.retiring.delete(subscription);
      subscription.isLeaving = true;
      for (const other of subscription.served()) this.inherit(other, other.root);
    }
    return { subscribe: subscribe.map(targetOf), unsubscribe: unsubscribe.map(targetOf) };
  }

  /** From this place of the byte stream on the broker delivers through these subscriptions. */
  confirm(targets: readonly SubscriptionTarget[]): void {
    for (const subscription of this.known(targets)) {
      subscription.isConfirmed = true;
      if (subscription.isDenied) this.grant(subscription);
      for (const other of [subscription, ...(subscription.covered ?? [])]) this.settle(other);
      for (const other of subscription.interrupted ?? []) {
        if (other.isWanted && other.server === undefined) this.serve(other, subscription);
      }
    }
    this.placed();
  }

  /** From this place of the byte stream on it does not. */
  release(targets: readonly SubscriptionTarget[]): void {
    const released = this.known(targets);
    for (const subscription of released) subscription.isConfirmed = false;
    for (const subscription of released) {
      const served = [...subscription.served()];
      for (const other of served) {
        const owner = other.heir ?? subscription;
        this.settle(other);
        if (other.server !== undefined) continue;
        owner.interrupted ??= new Set();
        owner.interrupted.add(other);
      }
    }
    this.placed();
  }

  /**
   * The broker denies these: what they cover is to be held by itself.
   *
   * @param sinceMs the moment up to which nothing of what they deliver is missing. Undefined when they never did.
   */
  deny(targets: readonly SubscriptionTarget[], sinceMs?: number): void {
    for (const subscription of this.known(targets)) {
      const { interrupted } = subscription;
      subscription.interrupted = undefined;
      if (!subscription.isDenied) {
        subscription.isDenied = true;
        this.expose(subscription);
      }
      for (const other of interrupted ?? []) {
        if (!other.isWanted || sinceMs === undefined) continue;
        this.outages.set(other, { fromMs: sinceMs, denied: subscription });
        if (other.server !== undefined) this.endOutage(other);
      }
    }
  }

  /** Their interruption is over, and was told. */
  resume(targets: readonly SubscriptionTarget[]): void {
    for (const subscription of this.known(targets)) subscription.interrupted = undefined;
  }

  /** The broker has answered that it holds these no more. */
  left(targets: readonly SubscriptionTarget[]): void {
    this.release(targets);
    for (const subscription of this.known(targets)) {
      subscription.isHeld = false;
      subscription.isLeaving = false;
      if (subscription.isDenied) this.grant(subscription);
      this.update(subscription);
    }
  }

  has(consumer: C): boolean {
    return this.waysOf.has(consumer);
  }

  /** Who gets what a subscription delivers on a channel, each consumer once. The list is not changed later. */
  routesFor({ kind, name }: SubscriptionTarget, channel: string): readonly Route<C>[] {
    return this.subscriptions[kind].get(name)?.routesOn(channel) ?? NOBODY;
  }

  /** Whether this subscription delivered something that nobody's template means: Redis' globs are wider. */
  isUnmatched(through: SubscriptionTarget, channel: string): boolean {
    return this.find(through)?.isUnmatchedOn(channel) ?? false;
  }

  /** Whether somebody wants what is published on this channel. */
  isWanted(channel: string): boolean {
    if (this.subscriptions.channel.get(channel)?.isWanted || this.subscriptions.shard.get(channel)?.isWanted)
      return true;
    for (const pattern of this.subscriptions.pattern.values()) {
      if (pattern.isWanted && pattern.shape.matches(channel)) return true;
    }
    return false;
  }

  /** What consumers asked for that these subscriptions serve, or served when they were interrupted: as written, each once. */
  textsOf(targets: readonly SubscriptionTarget[]): readonly string[] {
    const texts = new Set<string>();
    for (const subscription of this.known(targets)) {
      const served = subscription.interrupted ?? new Set([subscription, ...subscription.served()]);
      for (const other of served) for (const text of other.texts()) texts.add(text);
    }
    return [...texts];
  }

  /** The outages that are over since the last call: none before all are over that can be. */
  takeMissed(): Missed | undefined {
    if (this.over.length === 0) return undefined;
    if ([...this.outages.keys()].some(({ root }) => !root.isDenied)) return undefined;
    const missed = this.over;
    this.over = [];
    return {
      texts: [...new Set(missed.flatMap(({ texts }) => texts))],
      fromMs: Math.min(...missed.map(({ fromMs }) => fromMs)),
    };
  }

  /** Every subscription to hold, each once; those too that are held until others have taken over. */
  targets(): readonly SubscriptionTarget[] {
    return Object.values(this.subscriptions)
      .flatMap((planned) => [...planned.values()])
      .filter(({ isNeeded, isHeld, isLeaving }) => (isNeeded || isHeld) && !isLeaving)
      .map(targetOf);
  }

  /** The subscription that this target needs: its own, or the one that covers it. Undefined when nobody asks for it. */
  neededFor(target: SubscriptionTarget): SubscriptionTarget | undefined {
    const subscription = this.find(target);
    return subscription?.isWanted ? subscription.root.target : undefined;
  }

  /** The subscription whose deliveries count for this target now. */
  serverOf(target: SubscriptionTarget): SubscriptionTarget | undefined {
    return this.find(target)?.server?.target;
  }

  /** Whether it waits for the broker's answer to an unsubscription. */
  isLeaving(target: SubscriptionTarget): boolean {
    return this.find(target)?.isLeaving ?? false;
  }

  /**
   * Whether nothing more is to be waited for until the broker delivers this one for others alone: it does not deliver it,
   * somebody wants it again, or what takes its place is denied.
   */
  isGivenUp(target: SubscriptionTarget): boolean {
    const subscription = this.find(target);
    if (subscription === undefined || subscription.isWanted) return true;
    if (subscription.isLeaving) return false;
    return !subscription.isConfirmed || [...subscription.served()].some(({ root }) => root.isDenied);
  }

  private planned(target: SubscriptionTarget): PlannedSubscription<C> {
    const known = this.find(target);
    if (known !== undefined) return known;
    const { kind, name } = target;
    const isShared = this.isCoalescing && kind !== 'shard' && !name.startsWith(KEY_EVENTS);
    const planned = new PlannedSubscription<C>(target, isShared);
    this.subscriptions[kind].set(name, planned);
    return planned;
  }

  private find({ kind, name }: SubscriptionTarget): PlannedSubscription<C> | undefined {
    return this.subscriptions[kind].get(name);
  }

  private known(targets: readonly SubscriptionTarget[]): readonly PlannedSubscription<C>[] {
    return targets.flatMap((target) => this.find(target) ?? []);
  }

  /** These are wanted from now on. */
  private begun(fresh: ReadonlySet<PlannedSubscription<C>>): void {
    this.place(fresh);
    this.coverOthers(fresh, fresh);
    for (const subscription of fresh) this.update(subscription);
  }

  /** Puts wanted ones under what covers them. */
  private place(subscriptions: ReadonlySet<PlannedSubscription<C>>): void {
    const shared = [...subscriptions].filter(({ isShared }) => isShared);
    for (const subscription of shared) {
      if (subscription.target.kind === 'pattern' && !subscription.isDenied) this.patterns.add(subscription);
    }
    for (const subscription of shared) {
      const cover = this.patterns.find(subscription, ({ root }) => root !== subscription);
      if (cover !== undefined) this.cover(subscription, cover.root);
    }
    for (const subscription of subscriptions) this.begin(subscription);
  }

  /** Puts what was there before under these where they cover it. */
  private coverOthers(
    candidates: Iterable<PlannedSubscription<C>>,
    except: ReadonlySet<PlannedSubscription<C>>,
  ): void {
    const wide = new CoverIndex<PlannedSubscription<C>>();
    for (const candidate of candidates) {
      const { isShared, isNeeded, target } = candidate;
      if (isShared && isNeeded && target.kind === 'pattern') wide.add(candidate);
    }
    if (wide.isEmpty) return;
    const { channel, pattern } = this.subscriptions;
    for (const other of [...channel.values(), ...pattern.values()]) {
      if (!other.isShared || !other.isNeeded || except.has(other)) continue;
      const cover = wide.find(other, () => true);
      if (cover !== undefined) this.cover(other, cover);
    }
  }

  private cover(subscription: PlannedSubscription<C>, root: PlannedSubscription<C>): void {
    this.uncover(subscription);
    const { covered = [] } = subscription;
    subscription.covered = undefined;
    root.covered ??= new Set();
    for (const other of [subscription, ...covered]) {
      other.root = root;
      root.covered.add(other);
      this.begin(other);
    }
    this.update(subscription);
  }

  /** Serves it from what is there already. Nobody delivered for it until now, so that nothing is handed over. */
  private begin(subscription: PlannedSubscription<C>): void {
    if (subscription.server !== undefined || !subscription.root.isLive) return;
    this.serve(subscription, subscription.root);
    if (!subscription.hasServedSiblings) return;
    subscription.isNew = true;
    this.newlyServed.add(subscription);
  }

  /** At a place of the byte stream every event is wholly before it or behind it. */
  private placed(): void {
    for (const subscription of this.newlyServed) subscription.isNew = false;
    this.newlyServed.clear();
  }

  private uncover(subscription: PlannedSubscription<C>): void {
    subscription.root.covered?.delete(subscription);
    subscription.root = subscription;
  }

  /** It covers nothing any more. */
  private expose(subscription: PlannedSubscription<C>): void {
    if (subscription.isShared && subscription.target.kind === 'pattern') this.patterns.delete(subscription);
    const covered = new Set(subscription.covered);
    subscription.covered = undefined;
    for (const other of covered) other.root = other;
    this.place(covered);
    for (const other of covered) this.update(other);
  }

  /** Denied no more: it covers again. */
  private grant(subscription: PlannedSubscription<C>): void {
    subscription.isDenied = false;
    if (!subscription.isWanted) return;
    const granted = new Set([subscription]);
    this.place(granted);
    this.coverOthers(granted, granted);
  }

  /** Notes what has to be told to the broker about this one. */
  private update(subscription: PlannedSubscription<C>): void {
    const { isNeeded, isHeld, isLeaving, isWanted, target } = subscription;
    this.missing.delete(subscription);
    this.retiring.delete(subscription);
    if (isLeaving) return;
    if (isNeeded && !isHeld) this.missing.add(subscription);
    if (!isNeeded && isHeld) this.retiring.add(subscription);
    if (!isWanted && !isHeld) this.subscriptions[target.kind].delete(target.name);
  }

  private mayLeave(subscription: PlannedSubscription<C>): boolean {
    const { interrupted = [], heirOf = [], isWanted, root } = subscription;
    if (isWanted && !root.isLive) return false;
    for (const other of interrupted) if (other.isWanted) return false;
    for (const other of heirOf) if (other.isWanted) return false;
    for (const other of subscription.served()) if (!other.root.isLive) return false;
    return true;
  }

  /** Chooses who serves it, where the broker has confirmed or released something. */
  private settle(subscription: PlannedSubscription<C>): void {
    this.serve(subscription, this.serverFor(subscription));
  }

  private serverFor(subscription: PlannedSubscription<C>): PlannedSubscription<C> | undefined {
    if (!subscription.isWanted) return undefined;
    const { root, server, heir } = subscription;
    if (root.isLive) return root;
    if (server?.isConfirmed) return server;
    if (subscription.isLive) return subscription;
    return heir?.isLive ? heir : undefined;
  }

  private serve(subscription: PlannedSubscription<C>, server: PlannedSubscription<C> | undefined): void {
    if (subscription.server === server) return;
    subscription.server = server;
    subscription.isNew = false;
    this.newlyServed.delete(subscription);
    this.inherit(subscription, undefined);
    if (server !== undefined && this.outages.has(subscription)) this.endOutage(subscription);
  }

  private inherit(subscription: PlannedSubscription<C>, heir: PlannedSubscription<C> | undefined): void {
    subscription.heir?.heirOf?.delete(subscription);
    subscription.heir = heir;
    if (heir === undefined) return;
    heir.heirOf ??= new Set();
    heir.heirOf.add(subscription);
  }

  private endOutage(subscription: PlannedSubscription<C>): void {
    const { fromMs, denied } = this.outages.get(subscription) as Outage<C>;
    this.outages.delete(subscription);
    if (subscription.server === denied) {
      denied.interrupted ??= new Set();
      denied.interrupted.add(subscription);
    } else {
      this.over.push({ texts: [...subscription.texts()], fromMs });
    }
  }
}

const NOBODY: readonly never[] = [];

function targetOf({ target }: { readonly target: SubscriptionTarget }): SubscriptionTarget {
  return target;
}
