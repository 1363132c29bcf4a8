import { Inject, Injectable } from '@nestjs/common';
import type { ClientProxy } from '@nestjs/microservices';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import type { Order } from './order.js';

@Injectable()
export class ShopService {
  constructor(@Inject('BILLING') private readonly billing: ClientProxy) {}

  async place(order: Order): Promise<void> {
    await lastValueFrom(this.billing.emit('order.created', order));
  }

  bill(id: string): Promise<Order> {
    return firstValueFrom(this.billing.send<Order>('bills.find', id));
  }
}
