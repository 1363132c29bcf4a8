import type { Notification } from './notification.js';

/**
 * - `claimed`: this process may send it.
 * - `taken`: another process is sending it, or died while sending it.
 * - `sent`: it was sent and is stored.
 */
export type ClaimOutcome = 'claimed' | 'taken' | 'sent';

/**
 * Stores each notification once, and lets one process at a time send it: several instances may handle the same event, or the
 * event may be published again.
 */
export abstract class NotificationStore {
  /**
   * Gives the notification to one process, until that process saves or releases it, or until the lease expires: the process has
   * then probably died, and others may try.
   */
  abstract claim(id: string): Promise<ClaimOutcome>;

  /** Stores a sent notification permanently. Does nothing if it is stored already. */
  abstract save(notification: Notification): Promise<void>;

  /** Lets another caller claim a notification that could not be sent. */
  abstract release(id: string): Promise<void>;

  /** The customer's latest notifications, newest last. */
  abstract list(customerId: string, limit: number): Promise<Notification[]>;

  /** The number of notifications that were sent to the customer, or to all customers. */
  abstract count(customerId?: string): Promise<number>;

  /** The position in the changes of orders up to which all notifications were sent: see OrdersReader. 0 if it is unknown. */
  abstract reconciledTo(): Promise<number>;

  abstract saveReconciledTo(position: number): Promise<void>;
}
