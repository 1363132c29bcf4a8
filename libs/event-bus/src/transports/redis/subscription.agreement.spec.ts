import type { SubscriptionState, SubscriptionTarget } from '../event.transport.js';
import { disagreementsOf } from './subscription.agreement.js';

const A: SubscriptionTarget = { kind: 'channel', name: 'a' };

function parts(state: SubscriptionState | undefined, isOpen: boolean, isCounted: boolean) {
  return {
    table: { list: () => (state === undefined ? [] : [{ target: A, state }]) },
    gate: { targets: isOpen ? [A] : [], isOpen: () => isOpen },
    ledger: { has: () => isCounted },
  };
}

const planOf = (isServing: boolean) => ({
  states: () => [{ target: A, phase: isServing ? 'live' : 'asked' }],
});

describe('disagreementsOf', () => {
  it.each([
    ['delivers', 'active', true, true],
    ['is asked for', 'pending', false, false],
    ['is being repaired, and delivers meanwhile', 'pending', true, false],
    ['is on its way out', undefined, true, true],
    ['is asked for again before it is out', 'pending', false, true],
    ['is denied', 'denied', false, false],
  ] as const)('finds nothing in one that %s', (_what, state, isOpen, isCounted) => {
    expect(disagreementsOf(parts(state, isOpen, isCounted), planOf(isOpen))).toEqual([]);
  });

  it.each([
    ['active, but not delivered', 'active', false, true],
    ['active, but not counted', 'active', true, false],
    ['denied, but delivered', 'denied', true, true],
  ] as const)('finds one that is %s', (found, state, isOpen, isCounted) => {
    expect(disagreementsOf(parts(state, isOpen, isCounted), planOf(isOpen))).toEqual([
      `channel a is ${found}`,
    ]);
  });

  it('finds a plan that serves by what is not passed on, and one that does not serve by what is', () => {
    expect(disagreementsOf(parts('pending', false, false), planOf(true))).toEqual([
      'channel a is live in the plan, but not delivered',
    ]);
    expect(disagreementsOf(parts('active', true, true), planOf(false))).toEqual([
      'channel a is delivered, but not live in the plan',
    ]);
  });
});
