import type { PlannedSubscription } from './planned.subscription.js';
import type { Missed } from './subscription-plan.js';

interface Outage<C> {
  readonly fromMs: number;
  /** What was denied. When it is back itself, whoever holds the link tells of the outage. */
  readonly denied: PlannedSubscription<C>;
}

/** What consumers did not get for a while, and by whom it is reported: by the link that was interrupted, or by the plan. */
export class Outages<C> {
  /** Not served since something was denied. */
  private readonly open = new Map<PlannedSubscription<C>, Outage<C>>();
  /** Those that are over and were not reported yet. */
  private over: Missed[] = [];

  /** Nobody serves it any more: the link of `owner` is to report it when it is back. */
  interrupted(subscription: PlannedSubscription<C>, owner: PlannedSubscription<C>): void {
    owner.interrupted ??= new Set();
    owner.interrupted.add(subscription);
  }

  /** What `denied` served does not wait for its link any more, but for whatever serves it next. */
  denied(denied: PlannedSubscription<C>, sinceMs: number | undefined): void {
    const { interrupted = [] } = denied;
    denied.interrupted = undefined;
    for (const subscription of interrupted) {
      if (!subscription.isWanted || sinceMs === undefined) continue;
      this.open.set(subscription, { fromMs: sinceMs, denied });
      this.served(subscription);
    }
  }

  /** It may be served again: then its outage is over. */
  served(subscription: PlannedSubscription<C>): void {
    const outage = this.open.get(subscription);
    if (outage === undefined || subscription.server === undefined) return;
    this.open.delete(subscription);
    if (subscription.server === outage.denied) this.interrupted(subscription, outage.denied);
    else this.over.push({ texts: [...subscription.texts()], fromMs: outage.fromMs });
  }

  /** Nobody wants it any more. */
  forget(subscription: PlannedSubscription<C>): void {
    this.open.delete(subscription);
  }

  /** What the interruption of this one concerns, or would concern. It counts as reported. */
  takeInterrupted(subscription: PlannedSubscription<C>): Iterable<PlannedSubscription<C>> {
    const { interrupted = new Set([subscription, ...subscription.served()]) } = subscription;
    subscription.interrupted = undefined;
    return interrupted;
  }

  takeMissed(): Missed | undefined {
    if (this.over.length === 0) return undefined;
    if ([...this.open.keys()].some(({ root }) => root.phase !== 'denied')) return undefined;
    const missed = this.over;
    this.over = [];
    return {
      texts: [...new Set(missed.flatMap(({ texts }) => texts))],
      fromMs: Math.min(...missed.map(({ fromMs }) => fromMs)),
    };
  }
}
