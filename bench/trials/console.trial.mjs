import { viewConsole } from './console.viewer.mjs';
import { CountedSubscriber } from './counted.subscriber.mjs';

/**
 * One process publishes at a steady rate, one handles, and one shows both in a console whose page is open. The entry `console`
 * measures the last, any other the one that handles.
 *
 * @type {import('./trial.kind.mjs').OpenTrial}
 */
export async function openConsoleTrial(lab, { name, contender, slot }, { perSecond }) {
  const { place } = await lab.server();
  // Each entry has a console of its own, which must not see the services of the other.
  const prefix = `${slot}:`;
  const channels = ['orders:created'];
  const shown = lab.worker('console');
  const url = await shown.call('open', { place, prefix });
  const subscriber = await CountedSubscriber.open(lab, name, {
    contender,
    place,
    targets: channels.map((channel) => ({ name: channel })),
    channels: channels.length,
    handlerCount: channels.length,
    settings: { prefix, service: 'bench-handles' },
  });
  const publisher = lab.worker('publisher');
  const settings = { prefix, service: 'bench-publishes' };
  await publisher.call('open', { contender, place, channels, settings });
  const viewer = viewConsole(url, ['bench-handles', 'bench-publishes']);
  await lab.unlessStalled(shown, viewer.found, () => 'The console does not show the services.');

  async function round(events) {
    const from = subscriber.events;
    const handled = await subscriber.arm(events);
    await shown.call('begin');
    const [handling] = await Promise.all([handled(), publisher.call('pace', { from, events, perSecond })]);
    const showing = await shown.call('read');
    return { cpuUs: (name === 'console' ? showing : handling).cpuUs / events };
  }

  return {
    round,
    async finish() {
      await round(1);
      await subscriber.check();
    },
    async close() {
      viewer.leave();
      await Promise.all([lab.release(publisher), lab.release(shown), subscriber.close()]);
    },
  };
}
