// A process that publishes with one contender.
import { orderOf, sentAtUs } from '../payload/orders.mjs';
import { loadContender } from './contender.loader.mjs';
import { serve } from './serve.mjs';
import { Stopwatch } from './stopwatch.mjs';

let publisher;
let channels;

serve({
  async open({ contender: name, place, channels: given, settings }) {
    const contender = await loadContender(name);
    channels = given;
    publisher = await contender.connect({ place, ...settings });
  },
  /** Publishes the events `from` to `from + events - 1`, so many at a time, each awaited by itself. */
  async run({ from, events, inFlight }) {
    const end = from + events;
    let next = from;
    /** The sum of what the publishes resolved with; undefined with a contender that does not tell. */
    let subscriptions = 0;
    const lane = async () => {
      while (next < end) {
        const number = next;
        next += 1;
        const reached = await publisher.publish(channels[number % channels.length], orderOf(number));
        subscriptions += reached;
      }
    };
    const stopwatch = new Stopwatch();
    await Promise.all(Array.from({ length: inFlight }, lane));
    return { ...stopwatch.read(), subscriptions: Number.isNaN(subscriptions) ? undefined : subscriptions };
  },
  /** Publishes at a steady rate, each event with the time of its publish. */
  async pace({ from, events, perSecond }) {
    const startedAtMs = performance.now();
    const stopwatch = new Stopwatch();
    const pending = [];
    let sent = 0;
    await new Promise((resolve) => {
      const send = () => {
        const due = Math.min(events, Math.floor(((performance.now() - startedAtMs) / 1_000) * perSecond) + 1);
        for (; sent < due; sent += 1) {
          const number = from + sent;
          const order = { ...orderOf(number), sentAtUs: sentAtUs() };
          pending.push(publisher.publish(channels[number % channels.length], order));
        }
        if (sent < events) setTimeout(send, 1);
        else resolve();
      };
      send();
    });
    await Promise.all(pending);
    return stopwatch.read();
  },
});
