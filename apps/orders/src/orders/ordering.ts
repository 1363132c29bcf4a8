import { randomUUID } from 'node:crypto';
import {
  customerIdSchema,
  type Order,
  orderItemSchema,
  type OrderItem,
  type OrderStatus,
} from '@libs/shop-events';
import { ConflictException } from '@nestjs/common';
import { z } from 'zod';

/** What a customer sends. This service sets the other fields of an order. */
export const orderRequestSchema = z.object(
  {
    customerId: customerIdSchema,
    items: z
      .array(orderItemSchema, {
        error: ({ input }) => (input === undefined ? 'is required' : 'must be a list of items'),
      })
      .min(1, 'must have at least one item')
      .max(100, 'must not have more than 100 items'),
  },
  { error: 'The body must be a JSON object, sent with Content-Type: application/json' },
);

export type OrderRequest = z.infer<typeof orderRequestSchema>;

export type OrderStep = 'pay' | 'ship' | 'cancel';

const STEPS: Readonly<
  Record<OrderStep, { readonly from: readonly OrderStatus[]; readonly to: OrderStatus }>
> = {
  pay: { from: ['created'], to: 'paid' },
  ship: { from: ['paid'], to: 'shipped' },
  cancel: { from: ['created', 'paid'], to: 'cancelled' },
};

/** Answers 409. */
export class ImpossibleStepError extends ConflictException {
  constructor(order: Order, step: OrderStep) {
    const { from, to } = STEPS[step];
    super(
      `Order ${order.id} is ${order.status}: only an order that is ${from.join(' or ')} can become ${to}.`,
    );
  }
}

export function newOrder({ customerId, items }: OrderRequest): Order {
  const now = new Date().toISOString();
  return {
    id: randomUUID(),
    customerId,
    items,
    total: totalOf(items),
    status: 'created',
    createdAt: now,
    updatedAt: now,
    history: [{ status: 'created', at: now }],
  };
}

/** @throws ImpossibleStepError when the order's status does not allow the step. */
export function advance(order: Order, step: OrderStep): Order {
  const { from, to } = STEPS[step];
  if (!from.includes(order.status)) throw new ImpossibleStepError(order, step);
  // Steps of an order never have the same time, even if the clock is set back: the time sorts them.
  const nowMs = Math.max(Date.now(), Date.parse(order.updatedAt) + 1);
  const at = new Date(nowMs).toISOString();
  return { ...order, status: to, updatedAt: at, history: [...order.history, { status: to, at }] };
}

/** The order as it was when it reached the status; undefined if it never did. */
export function asItWas(order: Order, status: OrderStatus): Order | undefined {
  const index = order.history.findIndex((reached) => reached.status === status);
  const reached = order.history[index];
  return reached && { ...order, status, updatedAt: reached.at, history: order.history.slice(0, index + 1) };
}

/** Calculates in whole cents: 0.1 + 0.2 must be 0.3. */
function totalOf(items: readonly OrderItem[]): number {
  const cents = items.reduce(
    (sum, { quantity, unitPrice }) => sum + quantity * Math.round(unitPrice * 100),
    0,
  );
  return cents / 100;
}
