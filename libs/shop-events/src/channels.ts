import type { OrderStatus } from './order.js';

/** Redis glob for every channel that carries an `Order`. */
export const ALL_ORDER_CHANNELS = 'orders:*';

/** The payload is the whole `Order`, as it was when it reached the status. */
export function orderChannel(status: OrderStatus): string {
  return `orders:${status}`;
}

/** The payload is the `Notification` that was sent. */
export function notificationSentChannel(customerId: string): string {
  return `notifications:${customerId}:sent`;
}
