import { Inject, Injectable, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { type EventContext, OnEvent } from 'nestjs-redis-event-bus';
import { Journal } from '../../support/journal.js';
import type { Order } from './order.js';

@Injectable({ scope: Scope.REQUEST })
export class OrderAudit {
  constructor(
    @Inject(REQUEST) private readonly event: EventContext<Order>,
    private readonly journal: Journal,
  ) {}

  @OnEvent('order:*')
  log(): void {
    this.journal.push(`audits ${this.event.payload.id}`);
  }
}
