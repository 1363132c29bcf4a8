import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { oneLine } from '@libs/shop-events';
import type { Notification } from './notification.js';

/** Simulates the mail gateway of a shop: a slow external service that may fail. */
export class NotificationSender {
  private readonly logger = new Logger(NotificationSender.name);

  constructor(private readonly delayMs: number) {}

  async send({ id, customerId, text }: Notification): Promise<void> {
    if (this.delayMs > 0) await delay(this.delayMs);
    this.logger.log(oneLine(`${text} (customer=${customerId} notification=${id})`));
  }
}
