import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { EventBusPublisher } from 'nestjs-redis-event-bus';
import type { Order } from './order.js';

@Injectable()
export class OrdersService implements OnApplicationBootstrap {
  constructor(private readonly publisher: EventBusPublisher) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.publisher.publish('shop:opened', {});
  }

  async place(id: string, total: number): Promise<Order> {
    const order: Order = { id, total, placedAt: new Date().toISOString() };
    await this.publisher.publish('order:created', order);
    return order;
  }

  async addItem(order: Order): Promise<void> {
    await this.publisher.publish('order:item:added', order);
  }

  async cancel(order: Order): Promise<void> {
    await this.publisher.publish('order:cancelled', order);
  }
}
