import { Inject, Injectable } from '@nestjs/common';
import type { ClientProxy } from '@nestjs/microservices';
import { EventBusPublisher } from 'nestjs-redis-event-bus';
import { firstValueFrom } from 'rxjs';
import { type Order, OrderCreated } from './order.js';

@Injectable()
export class ShopService {
  constructor(
    @Inject('BILLING') private readonly billing: ClientProxy,
    private readonly publisher: EventBusPublisher,
  ) {}

  async place(order: Order): Promise<void> {
    await this.publisher.publish(OrderCreated, order);
  }

  bill(id: string): Promise<Order> {
    return firstValueFrom(this.billing.send<Order>('bills.find', id));
  }
}
