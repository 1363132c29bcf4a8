import type { Order } from '@libs/shop-events';

/** Keeps the orders. The truth about them: events only carry the news. */
export abstract class OrderStore {
  abstract add(order: Order): Promise<void>;

  abstract find(id: string): Promise<Order | undefined>;

  /** The newest orders, newest first. */
  abstract list(limit: number): Promise<Order[]>;

  /**
   * Puts `next` in the place of `current`, atomically: false, and nothing has changed, when somebody else moved the
   * order on meanwhile. Only `status` and `updatedAt` may differ.
   */
  abstract replace(current: Order, next: Order): Promise<boolean>;
}
