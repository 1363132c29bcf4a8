import { LoadedSubscriber } from './loaded.subscriber.mjs';

/**
 * From the start of the process until everything is subscribed, in a new process each round. One event to each handler
 * shows that it is.
 *
 * @type {import('./trial.kind.mjs').OpenTrial}
 */
export async function openBootTrial(lab, entry, settings) {
  const server = await lab.server();
  const { channels, targets } = entry;

  return {
    isBegunAnew: true,
    async round() {
      const subscriber = await LoadedSubscriber.open(lab, server, entry, { ...settings, channels, targets });
      try {
        if (targets.length > 0) await subscriber.finish();
        return { bootMs: subscriber.counted.bootMs };
      } finally {
        await subscriber.close();
      }
    },
    finish: async () => undefined,
    close: async () => undefined,
  };
}
