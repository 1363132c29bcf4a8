import { customerIdSchema, isAmount, orderSchema } from './order.js';

describe('isAmount', () => {
  it.each([0, 0.01, 0.1, 0.29, 1.15, 19.99, 999_999.99, 99_999_999_000])(
    'takes %d for an amount',
    (value) => {
      expect(isAmount(value)).toBe(true);
    },
  );

  it.each([-0.01, 0.001, 1.005, Number.NaN, Number.POSITIVE_INFINITY, 1e300])('refuses %d', (value) => {
    expect(isAmount(value)).toBe(false);
  });
});

describe('customerIdSchema', () => {
  it.each(['ada', 'ada@example.org', 'A-1_b.c+d'])('takes %s', (id) => {
    expect(customerIdSchema.parse(id)).toBe(id);
  });

  it.each(['', ' ', 'a:b', 'a*', '[a]', 'a?', 'a\\b', 'a\n', 'ä', 'x'.repeat(65)])(
    'refuses %j in a channel name',
    (id) => {
      expect(customerIdSchema.safeParse(id).success).toBe(false);
    },
  );
});

describe('orderSchema', () => {
  const order = {
    id: 'o-1',
    customerId: 'ada',
    items: [{ sku: 'teapot', quantity: 1, unitPrice: 29.9 }],
    total: 29.9,
    status: 'created',
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    history: [{ status: 'created', at: '2026-01-01T00:00:00.000Z' }],
  };

  it('leaves out what it does not know, so that the sender may say more', () => {
    expect(orderSchema.parse({ ...order, coupon: 'SPRING' })).toEqual(order);
  });
});
