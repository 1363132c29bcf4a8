import { Module } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { Journal } from '../../support/journal.js';
import { OrderAudit } from './order.audit.js';
import { OrderMailer } from './order.mailer.js';
import { OrdersService } from './orders.service.js';

@Module({
  imports: [EventEmitterModule.forRoot({ wildcard: true })],
  providers: [Journal, OrdersService, OrderMailer, OrderAudit],
})
export class AppModule {}
