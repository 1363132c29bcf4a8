import { Module } from '@nestjs/common';
import { Journal } from '../../support/journal.js';
import { BillingController } from './billing.controller.js';

@Module({ controllers: [BillingController], providers: [Journal] })
export class BillingModule {}
