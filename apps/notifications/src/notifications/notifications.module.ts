import { type DynamicModule, Module } from '@nestjs/common';
import { MemoryNotificationStore } from './memory-notification.store.js';
import { NotificationCountController } from './notification-count.controller.js';
import { NotificationSender } from './notification.sender.js';
import { NotificationStore } from './notification.store.js';
import { NotificationsController } from './notifications.controller.js';
import { OrderNotifier } from './order.notifier.js';
import { RedisNotificationStore } from './redis-notification.store.js';

export interface NotificationsModuleOptions {
  readonly redisUrl: string | undefined;
  readonly notifyDelayMs: number;
}

@Module({})
export class NotificationsModule {
  static forRoot({ redisUrl, notifyDelayMs }: NotificationsModuleOptions): DynamicModule {
    return {
      module: NotificationsModule,
      controllers: [NotificationsController, NotificationCountController],
      providers: [
        OrderNotifier,
        { provide: NotificationSender, useFactory: () => new NotificationSender(notifyDelayMs) },
        {
          provide: NotificationStore,
          useFactory: () => (redisUrl ? new RedisNotificationStore(redisUrl) : new MemoryNotificationStore()),
        },
      ],
    };
  }
}
