import { orderSchema, type OrderStatus } from '@libs/shop-events';
import { z } from 'zod';

/** What this service needs to know of an order: an event that says more, or less of the rest, is as good. */
export const orderNewsSchema = orderSchema
  .pick({ id: true, customerId: true, status: true, history: true })
  .partial({ history: true });

export type OrderNews = Readonly<z.infer<typeof orderNewsSchema>>;

/** One for each order and status. */
export interface Notification {
  readonly id: string;
  readonly orderId: string;
  readonly customerId: string;
  readonly status: OrderStatus;
  readonly text: string;
  readonly createdAt: string;
}

const TEXTS: Readonly<Record<OrderStatus, string>> = {
  created: 'Thank you for your order.',
  paid: 'We received your payment.',
  shipped: 'Your order is on its way.',
  cancelled: 'Your order is cancelled.',
};

/** One for each status that the order reached, as far as the news says, in the order in which it did. */
export function notificationsOf({ history = [], status, ...order }: OrderNews): Notification[] {
  const reached = new Set([...history.map((step) => step.status), status]);
  return [...reached].map((each) => notificationOf({ ...order, status: each }));
}

export function notificationOf({ id: orderId, customerId, status }: OrderNews): Notification {
  const createdAt = new Date().toISOString();
  return { id: `${orderId}:${status}`, orderId, customerId, status, text: TEXTS[status], createdAt };
}
