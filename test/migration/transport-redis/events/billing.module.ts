import { Module } from '@nestjs/common';
import { EventBusModule, redis } from 'nestjs-redis-event-bus';
import { Journal } from '../../support/journal.js';
import { BillingController } from './billing.controller.js';
import { connection } from './connection.js';

@Module({
  imports: [EventBusModule.forRootAsync({ useFactory: () => ({ transport: redis(connection()) }) })],
  controllers: [BillingController],
  providers: [Journal],
})
export class BillingModule {}
