import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload, type RedisContext, RpcException } from '@nestjs/microservices';
import { OnEvent } from 'nestjs-redis-event-bus';
import { Journal } from '../../support/journal.js';
import { type Order, OrderCreated } from './order.js';

@Controller()
export class BillingController {
  private readonly bills = new Map<string, Order>();

  constructor(private readonly journal: Journal) {}

  @OnEvent(OrderCreated)
  bill(@Payload() order: Order): void {
    this.bills.set(order.id, order);
    this.journal.push(`bills ${order.id}`);
  }

  @MessagePattern('bills.find')
  find(@Payload() id: string, @Ctx() context: RedisContext): Order {
    const bill = this.bills.get(id);
    if (bill === undefined) throw new RpcException(`${context.getChannel()}: no bill for ${id}`);
    return bill;
  }
}
