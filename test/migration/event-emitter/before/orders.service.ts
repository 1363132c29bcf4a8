import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { EventEmitter2, EventEmitterReadinessWatcher } from '@nestjs/event-emitter';
import type { Order } from './order.js';

@Injectable()
export class OrdersService implements OnApplicationBootstrap {
  constructor(
    private readonly events: EventEmitter2,
    private readonly readiness: EventEmitterReadinessWatcher,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.readiness.waitUntilReady();
    this.events.emit('shop.opened');
  }

  place(id: string, total: number): Order {
    const order: Order = { id, total, placedAt: new Date() };
    this.events.emit('order.created', order);
    return order;
  }

  addItem(order: Order): void {
    this.events.emit('order.item.added', order);
  }

  cancel(order: Order): void {
    this.events.emit('order.cancelled', order);
  }
}
