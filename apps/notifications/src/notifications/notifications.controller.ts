import { customerIdSchema } from '@libs/shop-events';
import { Controller, Get, Query } from '@nestjs/common';
import { z } from 'zod';
import type { Notification } from './notification.js';
import { NotificationStore } from './notification.store.js';

/** Limits a list; a client that needs more needs pages. */
const LIST_LIMIT = 1_000;

const querySchema = z.object({ customerId: customerIdSchema });

@Controller('notifications')
export class NotificationsController {
  constructor(private readonly notifications: NotificationStore) {}

  /** The notifications of the customer, newest last. */
  @Get()
  list(@Query({ schema: querySchema }) { customerId }: z.infer<typeof querySchema>): Promise<Notification[]> {
    return this.notifications.list(customerId, LIST_LIMIT);
  }
}
