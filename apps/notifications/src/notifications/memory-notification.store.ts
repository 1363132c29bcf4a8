import type { Notification } from './notification.js';
import { type ClaimOutcome, NotificationStore } from './notification.store.js';

/** For development without Redis, and for tests. Empty at every start, and used by one process: nothing is ever taken. */
export class MemoryNotificationStore extends NotificationStore {
  private readonly sent = new Map<string, Notification>();
  private position = 0;

  async claim(id: string): Promise<ClaimOutcome> {
    return this.sent.has(id) ? 'sent' : 'claimed';
  }

  async save(notification: Notification): Promise<void> {
    if (!this.sent.has(notification.id)) this.sent.set(notification.id, notification);
  }

  async release(): Promise<void> {}

  async list(customerId: string, limit: number): Promise<Notification[]> {
    return this.sentTo(customerId).slice(-limit);
  }

  async count(customerId?: string): Promise<number> {
    return customerId === undefined ? this.sent.size : this.sentTo(customerId).length;
  }

  async reconciledTo(): Promise<number> {
    return this.position;
  }

  async saveReconciledTo(position: number): Promise<void> {
    this.position = position;
  }

  private sentTo(customerId: string): Notification[] {
    return [...this.sent.values()].filter((notification) => notification.customerId === customerId);
  }
}
