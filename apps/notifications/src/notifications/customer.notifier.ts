import { setTimeout as delay } from 'node:timers/promises';
import { NotificationSent, oneLine } from '@libs/shop-events';
import { Injectable, Logger } from '@nestjs/common';
import { EventBusPublisher } from 'nestjs-redis-event-bus';
import type { Notification } from './notification.js';
import { NotificationSender } from './notification.sender.js';
import { NotificationStore } from './notification.store.js';

/** How often it checks whether another caller has sent a notification. */
const TAKEN_DELAY_MS = 100;

/** How long, and how often, it tries to store a sent notification. Longer than Redis is usually unavailable. */
const SAVE_WITHIN_MS = 10_000;
const SAVE_DELAY_MS = 500;

/**
 * Sends each notification once, however many callers in however many processes ask for it. The store keeps it exactly once. The
 * mail gateway gets it once too, unless its sender dies, or loses the store for longer than a claim lasts, between sending and
 * storing: it is then unknown whether the mail was sent.
 */
@Injectable()
export class CustomerNotifier {
  private readonly logger = new Logger(CustomerNotifier.name);
  /** The notifications that this process is sending. */
  private readonly underway = new Map<string, Promise<boolean>>();

  constructor(
    private readonly notifications: NotificationStore,
    private readonly sender: NotificationSender,
    private readonly publisher: EventBusPublisher,
  ) {}

  /**
   * Resolves when the notification is sent and stored: with true if this call did it, with false if another caller did.
   *
   * @param signal stops waiting for another caller, and rejects
   */
  async tell(notification: Notification, signal?: AbortSignal): Promise<boolean> {
    const { id } = notification;
    const other = this.underway.get(id);
    if (other) return other.then(() => false);
    const work = this.tellOnce(notification, signal).finally(() => this.underway.delete(id));
    this.underway.set(id, work);
    return work;
  }

  private async tellOnce(notification: Notification, signal: AbortSignal | undefined): Promise<boolean> {
    for (;;) {
      const outcome = await this.notifications.claim(notification.id);
      if (outcome === 'sent') return false;
      if (outcome === 'claimed') break;
      // The owner of a claim may die before it stores the notification. The claim then expires, and this call sends it.
      await delay(TAKEN_DELAY_MS, undefined, { signal });
    }
    await this.send(notification);
    await this.announce(notification);
    return true;
  }

  private async send(notification: Notification): Promise<void> {
    try {
      await this.sender.send(notification);
    } catch (error) {
      // If that fails too, the claim expires automatically.
      await this.notifications.release(notification.id).catch(() => undefined);
      throw error;
    }
    await this.save(notification);
  }

  /** The mail is sent: an error from here on must not cause another one. */
  private async save(notification: Notification): Promise<void> {
    const untilMs = performance.now() + SAVE_WITHIN_MS;
    for (;;) {
      try {
        return await this.notifications.save(notification);
      } catch (error) {
        if (performance.now() > untilMs) throw error;
        await delay(SAVE_DELAY_MS);
      }
    }
  }

  /** The notification is stored already: a service that misses the event finds it there. */
  private async announce(notification: Notification): Promise<void> {
    const { customerId } = notification;
    try {
      await this.publisher.publish(NotificationSent, notification, { params: { customerId } });
    } catch (error) {
      this.logger.warn(
        `The notification is stored but not announced (notification=${oneLine(notification.id)}): ${oneLine(error)}`,
      );
    }
  }
}
