import type { SubscriptionTarget } from '../routing/subscription-target.js';
import { TargetMap } from '../transports/target.map.js';

/** A caller that waits until targets are given up. */
interface Waiter {
  /** The number of targets that are not given up yet. */
  open: number;
  readonly resolve: () => void;
}

/** Callers that wait until targets are given up, by target: with thousands of them, an answer does not check all. */
export class EndWaits {
  private readonly waiting = new TargetMap<Waiter[]>();
  /** Targets that the broker or a consumer reported on since the last check. */
  private touched: SubscriptionTarget[] = [];
  private isAllTouched = false;

  constructor(private readonly isGivenUp: (target: SubscriptionTarget) => boolean) {}

  /** Resolves when all of these are given up. */
  until(targets: readonly SubscriptionTarget[]): Promise<void> {
    return new Promise((resolve) => {
      const open = targets.filter((target) => !this.isGivenUp(target));
      if (open.length === 0) return resolve();
      const waiter = { open: open.length, resolve };
      for (const target of open) {
        const waiters = this.waiting.get(target);
        if (waiters === undefined) this.waiting.set(target, [waiter]);
        else waiters.push(waiter);
      }
    });
  }

  /** Reports on these targets may end a wait. */
  touch(targets: readonly SubscriptionTarget[]): void {
    if (this.waiting.size > 0) for (const target of targets) this.touched.push(target);
  }

  /** A report may end a wait for any target. */
  touchAll(): void {
    this.isAllTouched = true;
  }

  /** Ends the waits for all targets that are given up now. */
  look(): void {
    const touched = this.isAllTouched ? this.waiting.targets() : this.touched;
    this.isAllTouched = false;
    this.touched = [];
    for (const target of touched) {
      const waiters = this.waiting.get(target);
      if (waiters === undefined || !this.isGivenUp(target)) continue;
      this.waiting.delete(target);
      for (const waiter of waiters) {
        waiter.open -= 1;
        if (waiter.open === 0) waiter.resolve();
      }
    }
  }

  /** Ends all. */
  end(): void {
    for (const waiters of this.waiting.values()) for (const { resolve } of waiters) resolve();
    this.waiting.clear();
  }
}
