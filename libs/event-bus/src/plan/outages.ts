import type { PlannedSubscription } from './planned.subscription.js';
import type { Missed } from './subscription-plan.js';

interface Outage<C> {
  readonly fromMs: number;
  /** The denied subscription. When it is restored itself, its link reports the outage. */
  readonly denied: PlannedSubscription<C>;
}

/** Periods in which consumers missed events, and what reports them: the interrupted link, or the plan. */
export class Outages<C> {
  /** Not served since a denial. */
  private readonly open = new Map<PlannedSubscription<C>, Outage<C>>();
  /** Outages that are over but not reported yet. */
  private over: Missed[] = [];

  /** Nothing serves it any more: the link of `owner` reports it once it is restored. */
  interrupted(subscription: PlannedSubscription<C>, owner: PlannedSubscription<C>): void {
    owner.interrupted ??= new Set();
    owner.interrupted.add(subscription);
  }

  /** The subscriptions that `denied` served no longer wait for its link, but for the next one that serves them. */
  denied(denied: PlannedSubscription<C>, sinceMs: number | undefined): void {
    const { interrupted = [] } = denied;
    denied.interrupted = undefined;
    for (const subscription of interrupted) {
      if (!subscription.isWanted || sinceMs === undefined) continue;
      this.open.set(subscription, { fromMs: sinceMs, denied });
      this.served(subscription);
    }
  }

  /** It may be served again: its outage is then over. */
  served(subscription: PlannedSubscription<C>): void {
    const outage = this.open.get(subscription);
    if (outage === undefined || subscription.server === undefined) return;
    this.open.delete(subscription);
    if (subscription.server === outage.denied) this.interrupted(subscription, outage.denied);
    else this.over.push({ texts: [...subscription.texts()], fromMs: outage.fromMs });
  }

  /** It is about to be unsubscribed, so its link reports no interruption of it. */
  left(subscription: PlannedSubscription<C>): void {
    subscription.interrupted = undefined;
  }

  /** No consumer wants it any more. */
  forget(subscription: PlannedSubscription<C>): void {
    this.open.delete(subscription);
  }

  /** The subscriptions that its interruption affects, or would affect. They count as reported. */
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
