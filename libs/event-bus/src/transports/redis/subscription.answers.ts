import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import type { SubscribeOutcome } from '../event.transport.js';
import { TargetMap } from '../target.map.js';

type Listener = (outcome: SubscribeOutcome) => void;

/** Callers that wait for the broker's answer to a subscription. */
export class SubscriptionAnswers {
  private readonly waiting = new TargetMap<Listener[]>();

  /** Resolves with the next answer for this target. */
  next(target: SubscriptionTarget): Promise<SubscribeOutcome> {
    return new Promise((resolve) => {
      const listeners = this.waiting.get(target);
      if (listeners === undefined) this.waiting.set(target, [resolve]);
      else listeners.push(resolve);
    });
  }

  confirmed(target: SubscriptionTarget): void {
    for (const listener of this.take(target)) listener({ target });
  }

  /** `errorOf` is only called if a caller waits. */
  failed(target: SubscriptionTarget, errorOf: () => Error): void {
    for (const listener of this.take(target)) listener({ target, error: errorOf() });
  }

  private take(target: SubscriptionTarget): readonly Listener[] {
    const listeners = this.waiting.get(target);
    if (listeners === undefined) return [];
    this.waiting.delete(target);
    return listeners;
  }
}
