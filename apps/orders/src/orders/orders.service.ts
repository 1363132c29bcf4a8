import { type Order, orderChannel } from '@libs/shop-events';
import { Injectable, Logger, NotFoundException } from '@nestjs/common';
import { EventBusPublisher } from 'nestjs-redis-event-bus';
import { OrderStore } from './order.store.js';
import { advance, newOrder, type OrderRequest, type OrderStep } from './ordering.js';

/** Bounds the answer of a list: who needs more needs pages. */
const LIST_LIMIT = 1_000;

@Injectable()
export class OrdersService {
  private readonly logger = new Logger(OrdersService.name);

  constructor(
    private readonly orders: OrderStore,
    private readonly publisher: EventBusPublisher,
  ) {}

  async place(request: OrderRequest): Promise<Order> {
    const order = newOrder(request);
    await this.orders.add(order);
    await this.announce(order);
    return order;
  }

  /** Of several callers that take the same step at once, one succeeds. */
  async take(step: OrderStep, id: string): Promise<Order> {
    // Somebody else's step makes this one start over. An order never returns to a status, so that ends.
    for (;;) {
      const order = await this.get(id);
      const next = advance(order, step);
      if (await this.orders.replace(order, next)) {
        await this.announce(next);
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

  /** The order is stored by now, so the request succeeds even when the news of it is lost. */
  private async announce(order: Order): Promise<void> {
    const channel = orderChannel(order.status);
    try {
      await this.publisher.publish(channel, order);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.warn(
        `The order is stored but not announced (channel=${channel} order=${order.id}): ${reason}`,
      );
    }
  }
}
