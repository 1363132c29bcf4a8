import { ALL_ORDER_CHANNELS } from '@libs/shop-events';
import { Injectable, UsePipes } from '@nestjs/common';
import { type EventContext, OnEvent } from 'nestjs-redis-event-bus';
import { CustomerNotifier } from './customer.notifier.js';
import { notificationsOf, type OrderNews } from './notification.js';
import { OrderNewsPipe } from './order-news.pipe.js';

/** Tells customers what happens to their orders: once for each order and status, however often the event comes. */
@Injectable()
export class OrderNotifier {
  constructor(private readonly customers: CustomerNotifier) {}

  /** The store or the mail gateway may be back in a moment, so it is worth another try. */
  @OnEvent(ALL_ORDER_CHANNELS, { orderBy: orderIdOf, retry: { attempts: 3 } })
  @UsePipes(OrderNewsPipe)
  async notify(order: OrderNews): Promise<void> {
    await this.tell(order);
  }

  /**
   * Tells of every status that the order reached, those before first. Resolves with how many notifications this call sent.
   *
   * @param signal stops waiting for somebody else who sends them, and rejects
   */
  async tell(order: OrderNews, signal?: AbortSignal): Promise<number> {
    let told = 0;
    for (const notification of notificationsOf(order)) {
      if (await this.customers.tell(notification, signal)) told += 1;
    }
    return told;
  }
}

/** Before any pipe has looked at the payload: it may be anything. */
function orderIdOf({ payload }: EventContext): string {
  return String((payload as { id?: unknown } | null)?.id);
}
