import { CountedSubscriber } from './counted.subscriber.mjs';

/**
 * The subscribing process is measured; the load generator keeps it busy.
 *
 * @type {import('./trial.kind.mjs').OpenTrial}
 */
export async function openReceiveTrial(lab, entry, { channels, targets, style, connections = 1, isSpread }) {
  const server = await lab.server();
  const loader = lab.loader();
  const place = { port: server.port };
  const inSlot = (name) => `${entry.slot}:${name}`;
  const own = entry.targets ?? targets;
  const ownChannels = (entry.channels ?? channels).map(inSlot);
  const subscriber = await CountedSubscriber.open(lab, entry.name, {
    contender: entry.contender,
    place,
    targets: own.map(({ name, isPattern }) => ({ name: inSlot(name), isPattern })),
    channels: ownChannels.length,
    handlerCount: own.length,
    style,
    connections,
    isSpread,
    settings: entry.settings,
  });
  subscriber.onProgress = (events) => loader.tell('acknowledge', events);

  async function deliver(events) {
    const from = subscriber.events;
    const handled = await subscriber.arm(events);
    const load = loader.call('run', {
      command: 'PUBLISH',
      channels: ownChannels,
      ports: ownChannels.map(() => server.port),
      wire: entry.contender === 'nest' ? 'nest' : 'plain',
      from,
      events,
    });
    const [figures] = await Promise.all([handled(), load]);
    return figures;
  }

  return {
    async round(events) {
      const serverUs = await server.cpuUs();
      const { cpuUs, wallMs } = await deliver(events);
      return {
        cpuUs: cpuUs / events / connections,
        perSecond: (events / wallMs) * 1_000,
        serverUs: ((await server.cpuUs()) - serverUs) / events,
      };
    },
    async finish() {
      // What comes twice comes before the next event of its channel.
      await deliver(ownChannels.length);
      await subscriber.check();
    },
    close: () => subscriber.close(),
  };
}
