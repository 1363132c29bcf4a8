import type { Order, OrderStatus } from '@libs/shop-events';
import { advance, asItWas, ImpossibleStepError, newOrder, type OrderStep } from './ordering.js';

const request = { customerId: 'ada', items: [{ sku: 'teapot', quantity: 1, unitPrice: 29.9 }] };
const orderThatIs = (status: OrderStatus): Order => ({ ...newOrder(request), status });

describe('newOrder', () => {
  it('adds the items up without floating error', () => {
    const items = [
      { sku: 'pen', quantity: 1, unitPrice: 0.1 },
      { sku: 'nib', quantity: 1, unitPrice: 0.2 },
      { sku: 'ink', quantity: 3, unitPrice: 19.99 },
    ];
    expect(newOrder({ customerId: 'ada', items }).total).toBe(60.27);
  });

  it('adds up the largest order that is allowed', () => {
    const items = Array.from({ length: 100 }, () => ({
      sku: 'yacht',
      quantity: 1_000,
      unitPrice: 999_999.99,
    }));
    expect(newOrder({ customerId: 'ada', items }).total).toBe(99_999_999_000);
  });
});

describe('advance', () => {
  it.each<[OrderStep, OrderStatus, OrderStatus]>([
    ['pay', 'created', 'paid'],
    ['ship', 'paid', 'shipped'],
    ['cancel', 'created', 'cancelled'],
    ['cancel', 'paid', 'cancelled'],
  ])('lets %s turn an order that is %s into one that is %s', (step, from, to) => {
    expect(advance(orderThatIs(from), step).status).toBe(to);
  });

  it.each<[OrderStep, OrderStatus, string]>([
    ['ship', 'created', 'only an order that is paid can become shipped'],
    ['pay', 'paid', 'only an order that is created can become paid'],
    ['cancel', 'shipped', 'only an order that is created or paid can become cancelled'],
    ['pay', 'cancelled', 'only an order that is created can become paid'],
  ])('refuses to %s an order that is %s, and says why', (step, from, reason) => {
    expect(() => advance(orderThatIs(from), step)).toThrow(ImpossibleStepError);
    expect(() => advance(orderThatIs(from), step)).toThrow(`is ${from}: ${reason}`);
  });

  it('adds the status to the history', () => {
    const order = newOrder(request);
    const paid = advance(order, 'pay');
    expect(paid.history).toEqual([
      { status: 'created', at: order.createdAt },
      { status: 'paid', at: paid.updatedAt },
    ]);
  });

  it('dates a step after the one before, even when the clock went back', () => {
    const order = { ...orderThatIs('created'), updatedAt: '2999-12-31T00:00:00.000Z' };
    expect(advance(order, 'pay').updatedAt).toBe('2999-12-31T00:00:00.001Z');
  });
});

describe('asItWas', () => {
  it('goes back to any status that the order reached', () => {
    const created = newOrder(request);
    const paid = advance(created, 'pay');
    const shipped = advance(paid, 'ship');
    expect([asItWas(shipped, 'created'), asItWas(shipped, 'paid'), asItWas(shipped, 'shipped')]).toEqual([
      created,
      paid,
      shipped,
    ]);
    expect(asItWas(shipped, 'cancelled')).toBeUndefined();
  });
});
