import { expect } from '@jest/globals';
import type { Consumer, SubscriptionPlan } from '../../libs/event-bus/src/plan/subscription-plan.js';
import { subscriptionPlan } from '../../libs/event-bus/src/plan/subscription-plan.js';

/** A plan that looks for contradictions in itself after every call. */
export function checkedPlan<C extends Consumer>(options?: {
  readonly coalesce: boolean;
}): SubscriptionPlan<C> {
  const plan = subscriptionPlan<C>(options);
  return new Proxy(plan, {
    get(_plan, name: keyof SubscriptionPlan<C>) {
      const method = plan[name] as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        const result = method.apply(plan, args);
        expect(plan.problems()).toEqual([]);
        return result;
      };
    },
  });
}
