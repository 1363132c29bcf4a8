import type { OrderNews } from './notification.js';

/** A page of changed orders, and the position after it. */
export interface ChangedOrders {
  /** The current orders, sorted by their last change, oldest first. */
  readonly orders: readonly OrderNews[];
  /** The position of the last change among them. */
  readonly position: number;
}

/** Reads the data of the orders service. Never writes. */
export abstract class OrdersReader {
  /**
   * The first `limit` orders whose last change is after `position`; undefined if there is none. 0 is before all changes. An
   * order that changes meanwhile is returned again with a later position: no change is missed between two calls.
   */
  abstract changedAfter(position: number, limit: number): Promise<ChangedOrders | undefined>;
}

/** Without Redis, orders are in the memory of the orders service, where this service cannot read them. */
export class NoOrdersReader extends OrdersReader {
  async changedAfter(): Promise<undefined> {
    return undefined;
  }
}
