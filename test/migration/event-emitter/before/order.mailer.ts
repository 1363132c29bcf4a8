import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { Journal } from '../../support/journal.js';
import type { Order } from './order.js';

@Injectable()
export class OrderMailer {
  constructor(private readonly journal: Journal) {}

  @OnEvent('shop.opened')
  open(): void {
    this.journal.push('opened');
  }

  @OnEvent('order.created')
  thank(order: Order): void {
    this.journal.push(`thanks for ${order.id} of ${order.placedAt.getUTCFullYear()}`);
  }

  @OnEvent(['order', 'cancelled'])
  refund(order: Order): void {
    if (order.total === 0) throw new Error('There is nothing to refund');
    this.journal.push(`refunds ${order.id}`);
  }

  @OnEvent('order.*')
  follow(order: Order): void {
    this.journal.push(`follows ${order.id}`);
  }
}
