import type { OrderNews } from './notification.js';

/** Some of the orders that changed, and where to read on. */
export interface ChangedOrders {
  /** As they are now, those that have not changed for longest first. */
  readonly orders: readonly OrderNews[];
  /** The last change among them. */
  readonly position: number;
}

/** Reads what the orders service keeps. Never writes. */
export abstract class OrdersReader {
  /**
   * The first `limit` orders whose last change is after `position`; undefined when there is none. 0 is before all changes.
   * An order that changes while it is read comes again with a later position: nothing is missed between two calls.
   */
  abstract changedAfter(position: number, limit: number): Promise<ChangedOrders | undefined>;
}

/** Without Redis orders live in the memory of the orders service, where nobody can read them. */
export class NoOrdersReader extends OrdersReader {
  async changedAfter(): Promise<undefined> {
    return undefined;
  }
}
