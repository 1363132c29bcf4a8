/** What every contender sends: an order whose JSON text has exactly so many bytes. */
export const ORDER_BYTES = 160;

const DISTINCT_ORDERS = 1_000;
/** Keeps the number of digits, and with it the length of the text, the same at all times. */
const SENT_AT_BASE = 1e12;

const orders = Array.from({ length: DISTINCT_ORDERS }, (_, number) => createOrder(number));
const texts = orders.map((order) => JSON.stringify(order));

/** The order of one event; the same ones come again and again. */
export function orderOf(eventNumber) {
  return orders[eventNumber % DISTINCT_ORDERS];
}

/** {@link orderOf} as JSON text. */
export function orderTextOf(eventNumber) {
  return texts[eventNumber % DISTINCT_ORDERS];
}

/** The clock of the machine in microseconds, the same in all its processes, as a number of 13 digits. */
export function sentAtUs() {
  return SENT_AT_BASE + Math.floor(Number(process.hrtime.bigint() / 1_000n) % SENT_AT_BASE);
}

function createOrder(number) {
  const order = {
    id: `order-${String(number).padStart(6, '0')}`,
    status: 'created',
    totalCents: 1_000 + ((number * 7_919) % 9_000),
    sentAtUs: SENT_AT_BASE,
    items: [{ sku: 'pen-blue', quantity: 1 + (number % 9) }],
    note: '',
  };
  return { ...order, note: 'n'.repeat(ORDER_BYTES - JSON.stringify(order).length) };
}
