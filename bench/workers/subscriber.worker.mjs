// A process with handlers of one contender.
import { Arrivals } from './arrivals.mjs';
import { loadContender } from './contender.loader.mjs';
import { serve } from './serve.mjs';

let arrivals;

serve({
  /**
   * Each of the connections has all the targets, and so many handlers. Resolves once everything is subscribed, with the
   * milliseconds since this process was started.
   */
  async open({
    contender: name,
    place,
    targets,
    handlerCount,
    style = 'sync',
    connections = 1,
    clock,
    settings,
  }) {
    const contender = await loadContender(name);
    arrivals = new Arrivals(handlerCount * connections, { clock });
    const handlers = arrivals.handlers();
    for (let number = 0; number < connections; number += 1) {
      const own = handlers.slice(number * handlerCount, (number + 1) * handlerCount);
      await contender.subscribe({ place, targets, style, handlers: own, ...settings });
    }
    return performance.now();
  },
  arm: ({ deliveries, reportEvery }) => arrivals.arm(deliveries, reportEvery),
  async finished() {
    const figures = await arrivals.finished;
    return { ...figures, latencies: arrivals.latencies };
  },
  tallies: () => arrivals.tallies,
  heap() {
    globalThis.gc();
    return process.memoryUsage().heapUsed;
  },
});
