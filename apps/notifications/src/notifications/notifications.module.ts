import { openRedis, type RedisPlace } from '@libs/shop-events';
import { type DynamicModule, Module } from '@nestjs/common';
import { CustomerNotifier } from './customer.notifier.js';
import { MemoryNotificationStore } from './memory-notification.store.js';
import { NotificationCountController } from './notification-count.controller.js';
import { NotificationSender } from './notification.sender.js';
import { NotificationStore } from './notification.store.js';
import { NotificationsController } from './notifications.controller.js';
import { OrderNotifier } from './order.notifier.js';
import { OrderReconciler } from './order.reconciler.js';
import { NoOrdersReader, OrdersReader } from './orders.reader.js';
import { RedisNotificationStore } from './redis-notification.store.js';
import { RedisOrdersReader } from './redis-orders.reader.js';

/**
 * In addition to the time for sending: how long a process may be disconnected from Redis before others send what it has
 * claimed.
 */
const LEASE_MARGIN_MS = 5_000;

export interface NotificationsModuleOptions {
  readonly redis: RedisPlace | undefined;
  readonly notifyDelayMs: number;
}

@Module({})
export class NotificationsModule {
  static forRoot({ redis, notifyDelayMs }: NotificationsModuleOptions): DynamicModule {
    return {
      module: NotificationsModule,
      controllers: [NotificationsController, NotificationCountController],
      providers: [
        CustomerNotifier,
        OrderNotifier,
        OrderReconciler,
        { provide: NotificationSender, useFactory: () => new NotificationSender(notifyDelayMs) },
        {
          provide: NotificationStore,
          useFactory: async () =>
            redis
              ? new RedisNotificationStore(await openRedis(redis), notifyDelayMs + LEASE_MARGIN_MS)
              : new MemoryNotificationStore(),
        },
        {
          provide: OrdersReader,
          useFactory: async () =>
            redis ? new RedisOrdersReader(await openRedis(redis)) : new NoOrdersReader(),
        },
      ],
    };
  }
}
