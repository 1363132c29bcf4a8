import { channelNames } from '../payload/channel.names.mjs';
import { CountedSubscriber } from './counted.subscriber.mjs';

/**
 * One process publishes, another one handles, both with the contender. The CPU is that of both.
 *
 * @type {import('./trial.kind.mjs').OpenTrial}
 */
export async function openEndToEndTrial(lab, entry, { inFlight, isCluster, channelCount = 1 }) {
  const server = isCluster ? await lab.cluster() : await lab.server();
  const { place } = server;
  const channels = channelNames(entry.slot, channelCount);
  const { contender, settings } = entry;
  const subscriber = await CountedSubscriber.open(lab, entry.name, {
    contender,
    place,
    targets: channels.map((name) => ({ name, isPattern: false })),
    channels: channels.length,
    handlerCount: channels.length,
    isSpread: true,
    settings,
  });
  const publisher = lab.worker('publisher');
  await publisher.call('open', { contender, place, channels, settings });

  async function send(events) {
    const from = subscriber.events;
    const handled = await subscriber.arm(events);
    return Promise.all([handled(), publisher.call('run', { from, events, inFlight })]);
  }

  return {
    async round(events) {
      const serverUs = await server.cpuUs();
      const [received, published] = await send(events);
      return {
        perSecond: (events / received.wallMs) * 1_000,
        cpuUs: (received.cpuUs + published.cpuUs) / events,
        serverUs: ((await server.cpuUs()) - serverUs) / events,
      };
    },
    async finish() {
      await send(1);
      await subscriber.check();
    },
    async close() {
      await Promise.all([lab.release(publisher), subscriber.close()]);
    },
  };
}
