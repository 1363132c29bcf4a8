import { describe, expect, it } from '@jest/globals';
import { foreignWildcard } from './foreign.wildcard.js';

describe('a wildcard of another broker', () => {
  it.each([
    ['orders.**', 'Write "orders.*".'],
    ['orders:**', 'Write "orders:*".'],
    ['**', 'Write "*".'],
    ['orders.#', 'Write "orders.*".'],
    ['#', 'Write "*".'],
    ['orders.#.paid', 'Write "orders.*.paid".'],
    ['orders:+', 'Write "orders:*", or a template'],
    ['orders/+/paid', 'Write "orders/*/paid", or a template'],
    ['orders:{created,paid}', "Write an array: ['orders:created', 'orders:paid']."],
    ['orders:{created, paid}:eu', "Write an array: ['orders:created:eu', 'orders:paid:eu']."],
    ['orders:(created|paid)', "Write an array: ['orders:created', 'orders:paid']."],
    ['orders:@(created|paid)', "Write an array: ['orders:created', 'orders:paid']."],
    ['orders:.*', 'Write "orders:*".'],
  ])('%s is answered with what to write in Redis’ syntax', (target, advice) => {
    expect(foreignWildcard(target)).toContain(advice);
  });

  it.each([
    'orders:*',
    'orders:created',
    'orders.*',
    'orders:[ab]*',
    '{orders}:created',
    '{user1000}.following',
    'files:<path...>',
    'orders:<orderId>:created',
    'room#1',
    'c++',
    'price+tax',
    String.raw`orders:\*`,
    'a(b)',
    'version:1.*',
    `{${','.repeat(1_000_000)}`,
    `${'{,'.repeat(500_000)}`,
  ])('is not seen in %.40s', (target) => {
    expect(foreignWildcard(target)).toBeUndefined();
  });
});
