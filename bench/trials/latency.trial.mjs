import { percentile } from '../report/statistics.mjs';
import { CountedSubscriber } from './counted.subscriber.mjs';

/**
 * From the publish of one process to the handler in another, at a steady rate, on the clock that both share.
 *
 * @type {import('./trial.kind.mjs').OpenTrial}
 */
export async function openLatencyTrial(lab, entry, { perSecond }) {
  const { place } = await lab.server();
  const channels = [`${entry.slot}:orders:created`];
  const { contender } = entry;
  const subscriber = await CountedSubscriber.open(lab, entry.name, {
    contender,
    place,
    targets: channels.map((name) => ({ name, isPattern: false })),
    channels: channels.length,
    handlerCount: channels.length,
    clock: true,
  });
  const publisher = lab.worker('publisher');
  await publisher.call('open', { contender, place, channels });

  async function pace(events) {
    const from = subscriber.events;
    const handled = await subscriber.arm(events);
    const [{ cpuUs, latencies }, published] = await Promise.all([
      handled(),
      publisher.call('pace', { from, events, perSecond }),
    ]);
    const sorted = latencies.toSorted((a, b) => a - b);
    return {
      p50Us: percentile(sorted, 0.5),
      p99Us: percentile(sorted, 0.99),
      cpuUs: (cpuUs + published.cpuUs) / events,
    };
  }

  return {
    round: pace,
    async finish() {
      await pace(1);
      await subscriber.check();
    },
    async close() {
      await Promise.all([lab.release(publisher), subscriber.close()]);
    },
  };
}
