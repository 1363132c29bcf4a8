import { channelNames } from '../payload/channel.names.mjs';
import { CountedSubscriber } from './counted.subscriber.mjs';

/**
 * The publishing process is measured; another one counts.
 *
 * @type {import('./trial.kind.mjs').OpenTrial}
 */
export async function openPublishTrial(lab, entry, { channelCount, inFlight, isCluster }) {
  const server = isCluster ? await lab.cluster() : await lab.server();
  const { place } = server;
  const channels = channelNames(entry.slot, channelCount);
  const counter = await CountedSubscriber.open(lab, entry.name, {
    contender: 'counter',
    place,
    // One handler for all of them.
    targets: channels.map((name) => ({ name, isPattern: false })),
    channels: channelCount,
    handlerCount: 1,
  });
  const publisher = lab.worker('publisher');
  await publisher.call('open', { contender: entry.contender, place, channels, settings: entry.settings });

  return {
    async round(events) {
      const from = counter.events;
      const serverUs = await server.cpuUs();
      const counted = await counter.arm(events);
      const { cpuUs, wallMs, subscriptions } = await publisher.call('run', { from, events, inFlight });
      await counted();
      if (subscriptions !== undefined && subscriptions !== events) {
        throw new Error(
          `${entry.name}: its ${events} publishes resolved with ${subscriptions} subscriptions in all.`,
        );
      }
      return {
        cpuUs: cpuUs / events,
        perSecond: (events / wallMs) * 1_000,
        serverUs: ((await server.cpuUs()) - serverUs) / events,
      };
    },
    finish: () => counter.check(),
    async close() {
      await Promise.all([lab.release(publisher), counter.close()]);
    },
  };
}
