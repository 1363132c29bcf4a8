/**
 * The key of an order in Redis: a hash of the order's fields, with lists as JSON. Only the orders service writes it; other
 * services read it.
 *
 * All keys of a service have one hash tag, so that a Cluster keeps them in one slot, as a script that changes several keys at
 * once requires. The price: one master has the whole load of a service. If that is too much, use a hash tag per unit that
 * changes together, and one index for each of a fixed number of parts.
 */
export function orderKey(id: string): string {
  return `{orders}:order:${id}`;
}

/**
 * The ids of all orders in a sorted set, scored by their last change: microseconds since the epoch by Redis' clock, unique and
 * increasing. A reader that has read it up to a score finds all later changes above that score.
 */
export const ORDERS_BY_CHANGE_KEY = '{orders}:by-change';
