/**
 * Where the orders service keeps an order in Redis: a hash of the order's fields, lists in it as JSON. Other services
 * read it and never write it.
 *
 * All keys of a service have one tag, in braces. A Cluster then keeps them together, as it must for a script that changes
 * several at once. The price: one master has all the load of a service, however many there are. Where that is too much,
 * the tag is the id of what changes together, and there is one index for each of some number of parts.
 */
export function orderKey(id: string): string {
  return `{orders}:order:${id}`;
}

/**
 * The ids of all orders in a sorted set, scored by their last change: microseconds since the epoch by Redis' clock, never
 * the same twice and never less than before. Who has read it up to a score finds all that changed since above it.
 */
export const ORDERS_BY_CHANGE_KEY = '{orders}:by-change';
