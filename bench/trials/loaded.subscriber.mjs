import { CountedSubscriber } from './counted.subscriber.mjs';

/** A subscriber of one contender, and the load generator that feeds it. */
export class LoadedSubscriber {
  /**
   * @param {import('../lab/lab.mjs').Lab} lab
   * @param {import('../lab/redis.server.mjs').BenchServer | import('../lab/redis.cluster.mjs').BenchCluster} server
   * @param {object} entry of the trial
   * @param {{ channels: readonly string[], targets: readonly { name: string, isPattern?: boolean }[] }} settings names
   * without the slot; the rest is for the worker
   */
  static async open(lab, server, entry, { channels, targets, ...settings }) {
    const inSlot = (name) => `${entry.slot}:${name}`;
    const counted = await CountedSubscriber.open(lab, entry.name, {
      contender: entry.contender,
      place: server.place,
      targets: targets.map(({ name, isPattern = false }) => ({ name: inSlot(name), isPattern })),
      channels: channels.length,
      handlerCount: targets.length,
      settings: entry.settings,
      ...settings,
    });
    const ownChannels = channels.map(inSlot);
    return new LoadedSubscriber(lab.loader(), counted, {
      command: settings.isCluster ? 'SPUBLISH' : 'PUBLISH',
      channels: ownChannels,
      ports: await server.portsOf(ownChannels),
      wire: entry.contender === 'nest' ? 'nest' : 'plain',
    });
  }

  constructor(loader, counted, load) {
    Object.assign(this, { loader, counted, load });
    counted.onProgress = (events) => loader.tell('acknowledge', events);
  }

  /** Publishes so many events. Resolves when all have been handled, with the figures of the subscriber. */
  async deliver(events) {
    const { counted } = this;
    const from = counted.events;
    const handled = await counted.arm(events);
    const load = this.loader.call('run', { ...this.load, from, events, ahead: counted.ahead });
    const [figures] = await Promise.all([handled(), load]);
    return figures;
  }

  /** @throws when an event was not delivered exactly once to each handler */
  async finish() {
    // What comes twice comes before the next event of its channel.
    await this.deliver(this.load.channels.length);
    await this.counted.check();
  }

  close() {
    return this.counted.close();
  }
}
