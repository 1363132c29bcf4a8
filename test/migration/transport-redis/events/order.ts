import { defineEvent, type EventPayload } from 'nestjs-redis-event-bus';
import { z } from 'zod';

export const OrderCreated = defineEvent('orders:created', z.object({ id: z.string(), total: z.number() }));

export type Order = EventPayload<typeof OrderCreated>;
