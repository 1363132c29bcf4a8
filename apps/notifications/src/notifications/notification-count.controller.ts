import { customerIdSchema } from '@libs/shop-events';
import { Controller, UseFilters } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { z } from 'zod';
import { BadRequestFilter } from './bad-request.filter.js';
import { NotificationStore } from './notification.store.js';

const requestSchema = z.object({ customerId: customerIdSchema.optional() });

/** Answers other services, on the bus. */
@Controller()
@UseFilters(BadRequestFilter)
export class NotificationCountController {
  constructor(private readonly notifications: NotificationStore) {}

  /** How many notifications were sent, to the customer or to all. */
  @MessagePattern('notifications.count')
  count(@Payload({ schema: requestSchema }) { customerId }: z.infer<typeof requestSchema>): Promise<number> {
    return this.notifications.count(customerId);
  }
}
