// A process that publishes to its own handlers.
import { orderOf } from '../payload/orders.mjs';
import { Arrivals } from './arrivals.mjs';
import { loadContender } from './contender.loader.mjs';
import { serve } from './serve.mjs';

const CHANNEL = 'orders:created';

let arrivals;
let publish;

serve({
  async open({ contender: name, settings }) {
    const contender = await loadContender(name);
    arrivals = new Arrivals(1);
    publish = await contender.open(CHANNEL, arrivals.handlers()[0], settings);
  },
  /** Publishes the events from this number on, so many at a time. */
  async run({ from, events, inFlight }) {
    const end = from + events;
    let next = from;
    const lane = async () => {
      while (next < end) {
        const order = orderOf(next);
        next += 1;
        await publish(order);
      }
    };
    arrivals.arm(events, Infinity);
    await Promise.all(Array.from({ length: inFlight }, lane));
    return arrivals.finished;
  },
  tallies: () => arrivals.tallies,
});
