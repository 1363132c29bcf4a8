/** What the guard of P4 keeps out. */
export function isPaid(order) {
  return order.status === 'paid';
}

/** What the pipe of P4 checks. @throws TypeError for anything but an order */
export function validOrder(order) {
  const isValid =
    typeof order === 'object' &&
    order !== null &&
    typeof order.id === 'string' &&
    typeof order.status === 'string' &&
    Number.isSafeInteger(order.totalCents) &&
    Array.isArray(order.items) &&
    order.items.every(({ sku, quantity }) => typeof sku === 'string' && Number.isSafeInteger(quantity));
  if (!isValid) throw new TypeError('not an order');
  return order;
}
