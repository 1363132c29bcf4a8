import { type Notification, OrderChanged, orderSchema, type OrderStatus } from '@libs/shop-events';
import { defineEvent } from 'nestjs-redis-event-bus';
import { z } from 'zod';

export type { Notification };

/** The part of an order that this service needs. Other fields may be present, absent or different. */
export const orderNewsSchema = orderSchema
  .pick({ id: true, customerId: true, status: true, history: true })
  .partial({ history: true });

export type OrderNews = Readonly<z.infer<typeof orderNewsSchema>>;

/** What this service requires of an {@link OrderChanged}: any client may publish anything on a channel. */
export const OrderNewsArrived = defineEvent(OrderChanged.template, orderNewsSchema);

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
