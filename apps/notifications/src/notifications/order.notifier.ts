import { Injectable } from '@nestjs/common';
import { type EventContext, OnEvent } from 'nestjs-redis-event-bus';
import { CustomerNotifier } from './customer.notifier.js';
import { notificationsOf, type OrderNews, OrderNewsArrived } from './notification.js';

/** Notifies customers about their orders: once for each order and status, however often an event arrives. */
@Injectable()
export class OrderNotifier {
  constructor(private readonly customers: CustomerNotifier) {}

  /** The store or the mail gateway may be available again in a moment, so a retry is worthwhile. */
  @OnEvent(OrderNewsArrived, { orderBy: orderIdOf, retry: { attempts: 3 } })
  async notify(order: OrderNews): Promise<void> {
    await this.tell(order);
  }

  /**
   * Sends a notification for every status that the order has reached, in order. Resolves with the number of notifications that
   * this call sent.
   *
   * @param signal stops waiting for another caller that is sending them, and rejects
   */
  async tell(order: OrderNews, signal?: AbortSignal): Promise<number> {
    let told = 0;
    for (const notification of notificationsOf(order)) {
      if (await this.customers.tell(notification, signal)) told += 1;
    }
    return told;
  }
}

/** Runs before the contract has validated the payload: it may be anything. */
function orderIdOf({ payload }: EventContext): string {
  return String((payload as { id?: unknown } | null)?.id);
}
