import { defineEvent } from 'nestjs-redis-event-bus';
import { z } from 'zod';
import { notificationSchema } from './notification.js';
import { type Order, orderSchema } from './order.js';

/** An order reached a status. The payload is the whole order, as it was then. */
export const OrderChanged = defineEvent('orders:<status>', orderSchema as z.ZodType<Order, Order>);

/** A notification was sent to a customer. */
export const NotificationSent = defineEvent('notifications:<customerId>:sent', notificationSchema);
