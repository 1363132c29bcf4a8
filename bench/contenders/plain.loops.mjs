import { isPaid, validOrder } from './order.rules.mjs';

let handled = 0;

/** What one would write by hand around a handler, by the style of the trial: from the text of a message to the call. */
export const plainLoops = {
  sync: (handle) => (text) => handle(JSON.parse(text)),
  async: (handle) => {
    const listener = async (order) => handle(order);
    return (text) => void listener(JSON.parse(text)).catch(endWith);
  },
  /** Functions in the place of the guard, the pipe and the interceptor, which a plain client does not know. */
  guarded: (handle) => (text) => {
    const order = JSON.parse(text);
    if (isPaid(order)) return;
    handle(validOrder(order));
    handled += 1;
  },
};

/** An error that nobody expects ends the run. */
export function endWith(error) {
  console.error(error);
  process.exit(1);
}
