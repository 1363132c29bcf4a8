import type { Notification } from './notification.js';

/**
 * Keeps the notifications, and lets only one process send each: the same event may be handled by several instances,
 * or come again.
 */
export abstract class NotificationStore {
  /** True for one caller, until that releases it; false when it is being sent or was sent. */
  abstract claim(id: string): Promise<boolean>;

  /** Keeps a claimed notification for good. */
  abstract save(notification: Notification): Promise<void>;

  /** Lets somebody else claim what could not be sent. */
  abstract release(id: string): Promise<void>;

  /** The customer's latest, newest last. */
  abstract list(customerId: string, limit: number): Promise<Notification[]>;

  /** How many the customer was sent; without one, all customers. */
  abstract count(customerId?: string): Promise<number>;
}
