import { ALL_ORDER_CHANNELS, notificationSentChannel } from '@libs/shop-events';
import { Injectable, Logger, UsePipes } from '@nestjs/common';
import { EventBusPublisher, OnEvent } from 'nestjs-redis-event-bus';
import { type Notification, notificationOf, type OrderNews } from './notification.js';
import { NotificationSender } from './notification.sender.js';
import { NotificationStore } from './notification.store.js';
import { OrderNewsPipe } from './order-news.pipe.js';

/** Tells customers what happens to their orders: once for each order and status, however often the event comes. */
@Injectable()
export class OrderNotifier {
  private readonly logger = new Logger(OrderNotifier.name);

  constructor(
    private readonly notifications: NotificationStore,
    private readonly sender: NotificationSender,
    private readonly publisher: EventBusPublisher,
  ) {}

  @OnEvent(ALL_ORDER_CHANNELS)
  @UsePipes(OrderNewsPipe)
  async notify(order: OrderNews): Promise<void> {
    const notification = notificationOf(order);
    if (!(await this.notifications.claim(notification.id))) return;
    await this.send(notification);
    await this.announce(notification);
  }

  private async send(notification: Notification): Promise<void> {
    try {
      await this.sender.send(notification);
    } catch (error) {
      await this.notifications.release(notification.id);
      throw error;
    }
    await this.notifications.save(notification);
  }

  /** The notification is stored by now: whoever missed the event finds it there. */
  private async announce(notification: Notification): Promise<void> {
    const channel = notificationSentChannel(notification.customerId);
    try {
      await this.publisher.publish(channel, notification);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.warn(
        `The notification is stored but not announced (notification=${notification.id}): ${reason}`,
      );
    }
  }
}
