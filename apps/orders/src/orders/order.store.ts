import { type Order, type OrderStatus, orderStatusSchema } from '@libs/shop-events';

/**
 * Keeps the orders. The truth about them: events only carry the news. With every change it notes, in the same step, that
 * the news of it is not out yet, so that nothing that happens afterwards makes anybody forget it.
 */
export abstract class OrderStore {
  abstract add(order: Order): Promise<void>;

  abstract find(id: string): Promise<Order | undefined>;

  /** The newest orders, newest first. */
  abstract list(limit: number): Promise<Order[]>;

  /**
   * Puts `next` in the place of `current`, atomically: false, and nothing has changed, when somebody else moved the
   * order on meanwhile. Only `status`, `updatedAt` and `history` may differ.
   */
  abstract replace(current: Order, next: Order): Promise<boolean>;

  /** The changes whose news is not out yet, the oldest first: each order as it was then. */
  abstract unannounced(limit: number): Promise<Order[]>;

  /** The news of this change is out. */
  abstract markAnnounced(order: Order): Promise<void>;
}

/** Identifies a change: an order never returns to a status. */
export function changeId({ id, status }: Order): string {
  return `${id}:${status}`;
}

/** What {@link changeId} was made of. */
export function parseChangeId(id: string): { readonly id: string; readonly status: OrderStatus } {
  const [orderId = '', status] = id.split(':');
  return { id: orderId, status: orderStatusSchema.parse(status) };
}
