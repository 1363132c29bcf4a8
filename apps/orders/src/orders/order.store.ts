import { type Order, type OrderStatus, orderStatusSchema } from '@libs/shop-events';

/**
 * Stores the orders. It is the source of truth; events only announce changes. Each change is stored together with a note that
 * it is not announced yet, so that no change is ever forgotten.
 */
export abstract class OrderStore {
  abstract add(order: Order): Promise<void>;

  abstract find(id: string): Promise<Order | undefined>;

  /** The newest orders, newest first. */
  abstract list(limit: number): Promise<Order[]>;

  /**
   * Replaces `current` with `next`, atomically. Returns false, without a change, if another caller has changed the order's
   * status meanwhile. Only `status`, `updatedAt` and `history` may differ.
   */
  abstract replace(current: Order, next: Order): Promise<boolean>;

  /** The changes that are not announced yet, oldest first: each order as it was then. */
  abstract unannounced(limit: number): Promise<Order[]>;

  /** Marks this change as announced. */
  abstract markAnnounced(order: Order): Promise<void>;
}

/** Identifies a change: an order never returns to a status. */
export function changeId({ id, status }: Order): string {
  return `${id}:${status}`;
}

/** The parts of a {@link changeId}. */
export function parseChangeId(id: string): { readonly id: string; readonly status: OrderStatus } {
  const [orderId = '', status] = id.split(':');
  return { id: orderId, status: orderStatusSchema.parse(status) };
}
