import { LoadedSubscriber } from './loaded.subscriber.mjs';

/**
 * The subscribing process is measured; the load generator keeps it busy. With several connections the CPU is that of one
 * delivery.
 *
 * @type {import('./trial.kind.mjs').OpenTrial}
 */
export async function openReceiveTrial(lab, entry, settings) {
  const server = settings.isCluster ? await lab.cluster() : await lab.server();
  const { channels = settings.channels, targets = settings.targets } = entry;
  const subscriber = await LoadedSubscriber.open(lab, server, entry, { ...settings, channels, targets });
  const { connections = 1 } = settings;

  return {
    async round(events) {
      const serverUs = await server.cpuUs();
      const { cpuUs, wallMs } = await subscriber.deliver(events);
      return {
        cpuUs: cpuUs / events / connections,
        perSecond: (events / wallMs) * 1_000,
        serverUs: ((await server.cpuUs()) - serverUs) / events,
      };
    },
    finish: () => subscriber.finish(),
    close: () => subscriber.close(),
  };
}
