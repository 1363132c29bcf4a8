import { CoverIndex } from './cover.index.js';
import type { PlannedSubscription } from './planned.subscription.js';

/** Takes the changes of the graph. */
export interface CoverListener<C> {
  /** It now has this root. */
  rooted(subscription: PlannedSubscription<C>): void;
  /** It may have become needed or not needed. */
  changed(subscription: PlannedSubscription<C>): void;
}

/**
 * Which wanted subscription covers which: each has a root that must be subscribed at the broker, itself if nothing covers it.
 * Flat: the root of a root is itself.
 */
export class CoverGraph<C> {
  /** Patterns that may be roots: wanted and not denied. */
  private readonly patterns = new CoverIndex<PlannedSubscription<C>>();

  /** @param known everything that the plan knows, wanted or not */
  constructor(
    private readonly known: () => Iterable<PlannedSubscription<C>>,
    private readonly listener: CoverListener<C>,
  ) {}

  /** These are now wanted. */
  add(fresh: ReadonlySet<PlannedSubscription<C>>): void {
    this.place(fresh);
    this.coverOthers(fresh);
  }

  /** No consumer wants it any more. */
  remove(subscription: PlannedSubscription<C>): void {
    this.uncover(subscription);
    this.expose(subscription);
  }

  /** It no longer covers anything: the broker denied it, or no consumer wants it. */
  expose(subscription: PlannedSubscription<C>): void {
    if (isPattern(subscription)) this.patterns.delete(subscription);
    const covered = new Set(subscription.covered);
    subscription.covered = undefined;
    for (const other of covered) other.root = other;
    this.place(covered);
    for (const other of covered) this.listener.changed(other);
  }

  /** The broker no longer denies it: it covers again. */
  restore(subscription: PlannedSubscription<C>): void {
    if (!subscription.isWanted || !isPattern(subscription) || this.patterns.has(subscription)) return;
    this.add(new Set([subscription]));
  }

  /** Assigns wanted subscriptions to the ones that cover them. */
  private place(subscriptions: ReadonlySet<PlannedSubscription<C>>): void {
    const shared = [...subscriptions].filter(({ isShared }) => isShared);
    for (const subscription of shared) {
      if (isPattern(subscription) && subscription.phase !== 'denied') this.patterns.add(subscription);
    }
    for (const subscription of shared) {
      const cover = this.patterns.find(subscription, ({ root }) => root !== subscription);
      if (cover !== undefined) this.cover(subscription, cover.root);
    }
    for (const subscription of subscriptions) this.listener.rooted(subscription);
  }

  /** Assigns existing subscriptions to these if these cover them. */
  private coverOthers(fresh: ReadonlySet<PlannedSubscription<C>>): void {
    const wide = new CoverIndex<PlannedSubscription<C>>();
    for (const candidate of fresh) {
      if (isPattern(candidate) && candidate.isNeeded && candidate.phase !== 'denied') wide.add(candidate);
    }
    if (wide.isEmpty) return;
    for (const other of this.known()) {
      if (!other.isShared || !other.isNeeded || fresh.has(other)) continue;
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
      this.listener.rooted(other);
    }
    this.listener.changed(subscription);
  }

  private uncover(subscription: PlannedSubscription<C>): void {
    subscription.root.covered?.delete(subscription);
    subscription.root = subscription;
  }
}

function isPattern({ isShared, target }: Pick<PlannedSubscription<unknown>, 'isShared' | 'target'>): boolean {
  return isShared && target.kind === 'pattern';
}
