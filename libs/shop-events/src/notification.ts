import { z } from 'zod';
import { customerIdSchema, orderStatusSchema } from './order.js';

/** One for each order and status. */
export const notificationSchema = z.object({
  id: z.string(),
  orderId: z.string(),
  customerId: customerIdSchema,
  status: orderStatusSchema,
  text: z.string(),
  createdAt: z.iso.datetime(),
});

export type Notification = Readonly<z.infer<typeof notificationSchema>>;
