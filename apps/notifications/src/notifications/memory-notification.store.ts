import type { Notification } from './notification.js';
import { NotificationStore } from './notification.store.js';

/** For development without Redis, and for tests. Empty at every start. */
export class MemoryNotificationStore extends NotificationStore {
  private readonly claimed = new Set<string>();
  private readonly sent: Notification[] = [];

  async claim(id: string): Promise<boolean> {
    if (this.claimed.has(id)) return false;
    this.claimed.add(id);
    return true;
  }

  async save(notification: Notification): Promise<void> {
    this.sent.push(notification);
  }

  async release(id: string): Promise<void> {
    this.claimed.delete(id);
  }

  async list(customerId: string, limit: number): Promise<Notification[]> {
    return this.sent.filter((notification) => notification.customerId === customerId).slice(-limit);
  }

  async count(customerId?: string): Promise<number> {
    if (customerId === undefined) return this.sent.length;
    return this.sent.filter((notification) => notification.customerId === customerId).length;
  }
}
