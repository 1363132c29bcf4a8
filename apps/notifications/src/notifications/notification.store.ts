import type { Notification } from './notification.js';

/**
 * - `claimed`: it is this process's to send.
 * - `taken`: another one is sending it, or ended while doing so.
 * - `sent`: it was sent and is stored.
 */
export type ClaimOutcome = 'claimed' | 'taken' | 'sent';

/**
 * Keeps the notifications, each once, and lets one process at a time send each: the same event may be handled by several
 * instances, or come again.
 */
export abstract class NotificationStore {
  /**
   * Gives the notification to one process, until that saves or releases it, or for as long as the lease lasts: then it
   * has probably ended, and others may try.
   */
  abstract claim(id: string): Promise<ClaimOutcome>;

  /** Keeps a notification that was sent for good. Changes nothing when it is kept already. */
  abstract save(notification: Notification): Promise<void>;

  /** Lets somebody else claim what could not be sent. */
  abstract release(id: string): Promise<void>;

  /** The customer's latest, newest last. */
  abstract list(customerId: string, limit: number): Promise<Notification[]>;

  /** How many the customer was sent; without one, all customers. */
  abstract count(customerId?: string): Promise<number>;

  /** Up to where in the orders' changes every notification was sent: see OrdersReader. 0 when that was never found out. */
  abstract reconciledTo(): Promise<number>;

  abstract saveReconciledTo(position: number): Promise<void>;
}
