import type { Order } from '@libs/shop-events';
import { Injectable, NotFoundException } from '@nestjs/common';
import { OrderAnnouncer } from './order.announcer.js';
import { OrderStore } from './order.store.js';
import { advance, newOrder, type OrderRequest, type OrderStep } from './ordering.js';

/** Limits a list; a client that needs more needs pages. */
const LIST_LIMIT = 1_000;

@Injectable()
export class OrdersService {
  constructor(
    private readonly orders: OrderStore,
    private readonly announcer: OrderAnnouncer,
  ) {}

  async place(request: OrderRequest): Promise<Order> {
    const order = newOrder(request);
    await this.orders.add(order);
    await this.announcer.announce(order);
    return order;
  }

  /** If several callers take the same step concurrently, one succeeds. */
  async take(step: OrderStep, id: string): Promise<Order> {
    // If another caller changed the status, start over. An order never returns to a status, so this ends.
    for (;;) {
      const order = await this.get(id);
      const next = advance(order, step);
      if (await this.orders.replace(order, next)) {
        await this.announcer.announce(next);
        return next;
      }
    }
  }

  async get(id: string): Promise<Order> {
    const order = await this.orders.find(id);
    if (!order) throw new NotFoundException(`There is no order ${JSON.stringify(id)}.`);
    return order;
  }

  list(): Promise<Order[]> {
    return this.orders.list(LIST_LIMIT);
  }
}
