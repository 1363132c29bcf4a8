import { orderSchema, type OrderStatus } from '@libs/shop-events';
import { z } from 'zod';

/** The part of an order that this service needs. Other fields may be present, absent or different. */
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

/** One for each status that the order has reached according to its history, in that order. */
export function notificationsOf({ history = [], status, ...order }: OrderNews): Notification[] {
  const reached = new Set([...history.map((step) => step.status), status]);
  return [...reached].map((each) => notificationOf({ ...order, status: each }));
}

export function notificationOf({ id: orderId, customerId, status }: OrderNews): Notification {
  const createdAt = new Date().toISOString();
  return { id: `${orderId}:${status}`, orderId, customerId, status, text: TEXTS[status], createdAt };
}
