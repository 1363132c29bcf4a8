import type { Order } from '@libs/shop-events';
import { Injectable, NotFoundException } from '@nestjs/common';
import { OrderAnnouncer } from './order.announcer.js';
import { OrderStore } from './order.store.js';
import { advance, newOrder, type OrderRequest, type OrderStep } from './ordering.js';

/** Bounds the answer of a list: who needs more needs pages. */
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

  /** Of several callers that take the same step at once, one succeeds. */
  async take(step: OrderStep, id: string): Promise<Order> {
    // Somebody else's step makes this one start over. An order never returns to a status, so that ends.
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
