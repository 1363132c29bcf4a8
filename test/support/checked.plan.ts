import { expect } from '@jest/globals';
import { CoalescingPlan } from '../../libs/event-bus/src/plan/coalescing-plan.js';
import { PlainPlan } from '../../libs/event-bus/src/plan/plain-plan.js';
import type { Consumer, SubscriptionPlan } from '../../libs/event-bus/src/plan/subscription-plan.js';
import { planProblems } from './plan.problems.js';

/** A plan whose parts can be looked at. */
export function openPlan({ coalesce = true }: { readonly coalesce?: boolean } = {}) {
  return coalesce ? new CoalescingPlan<Consumer>() : new PlainPlan<Consumer>();
}

/** A plan that looks for contradictions in itself after every call. */
export function checkedPlan(options?: { readonly coalesce: boolean }): SubscriptionPlan<Consumer> {
  const plan = openPlan(options);
  return new Proxy<SubscriptionPlan<Consumer>>(plan, {
    get(_plan, name: keyof SubscriptionPlan<Consumer>) {
      const method = plan[name] as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        const result = method.apply(plan, args);
        expect(planProblems(plan)).toEqual([]);
        return result;
      };
    },
  });
}
