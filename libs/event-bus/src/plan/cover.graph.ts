import { CoverIndex } from './cover.index.js';
import type { PlannedSubscription } from './planned.subscription.js';

/** Who wants to know what becomes of the graph. */
export interface CoverListener<C> {
  /** It has this root from now on. */
  rooted(subscription: PlannedSubscription<C>): void;
  /** Whether it is needed may have changed. */
  changed(subscription: PlannedSubscription<C>): void;
}

/**
 * Which wanted subscription covers which: each has a root that is needed at the broker, itself where nothing covers it.
 * Flat: a root has none but itself.
 */
export class CoverGraph<C> {
  /** Patterns that may be roots: those that are wanted and not denied. */
  private readonly patterns = new CoverIndex<PlannedSubscription<C>>();

  /** @param known all that the plan knows, wanted or not */
  constructor(
    private readonly known: () => Iterable<PlannedSubscription<C>>,
    private readonly listener: CoverListener<C>,
  ) {}

  /** These are wanted from now on. */
  add(fresh: ReadonlySet<PlannedSubscription<C>>): void {
    this.place(fresh);
    this.coverOthers(fresh);
  }

  /** Nobody wants it any more. */
  remove(subscription: PlannedSubscription<C>): void {
    this.uncover(subscription);
    this.expose(subscription);
  }

  /** It covers nothing: the broker denies it, or nobody wants it. */
  expose(subscription: PlannedSubscription<C>): void {
    if (isPattern(subscription)) this.patterns.delete(subscription);
    const covered = new Set(subscription.covered);
    subscription.covered = undefined;
    for (const other of covered) other.root = other;
    this.place(covered);
    for (const other of covered) this.listener.changed(other);
  }

  /** The broker denies it no more: it covers again. */
  restore(subscription: PlannedSubscription<C>): void {
    if (!subscription.isWanted || !isPattern(subscription) || this.patterns.has(subscription)) return;
    this.add(new Set([subscription]));
  }

  /** Puts wanted ones under what covers them. */
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

  /** Puts what was there before under these where they cover it. */
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
