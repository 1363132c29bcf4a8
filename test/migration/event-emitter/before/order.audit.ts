import { Inject, Injectable, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { OnEvent } from '@nestjs/event-emitter';
import { Journal } from '../../support/journal.js';
import type { Order } from './order.js';

@Injectable({ scope: Scope.REQUEST })
export class OrderAudit {
  constructor(
    @Inject(REQUEST) private readonly order: Order,
    private readonly journal: Journal,
  ) {}

  @OnEvent('order.**')
  log(): void {
    this.journal.push(`audits ${this.order.id}`);
  }
}
