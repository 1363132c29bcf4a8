import { Module } from '@nestjs/common';
import { EventBusModule, redis } from 'nestjs-redis-event-bus';
import { Journal } from '../../support/journal.js';
import { OrderAudit } from './order.audit.js';
import { OrderMailer } from './order.mailer.js';
import { OrdersService } from './orders.service.js';

@Module({
  imports: [
    EventBusModule.forRootAsync({
      useFactory: () => ({ transport: redis({ url: process.env['REDIS_URL'] }) }),
    }),
  ],
  providers: [Journal, OrdersService, OrderMailer, OrderAudit],
})
export class AppModule {}
