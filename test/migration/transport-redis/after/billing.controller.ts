import { Controller } from '@nestjs/common';
import {
  Ctx,
  EventPattern,
  MessagePattern,
  Payload,
  type RedisContext,
  RpcException,
} from '@nestjs/microservices';
import { Journal } from '../../support/journal.js';
import type { Order } from './order.js';

@Controller()
export class BillingController {
  private readonly bills = new Map<string, Order>();

  constructor(private readonly journal: Journal) {}

  @EventPattern('order.*')
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
