import { once } from 'node:events';
import { json } from 'nestjs-redis-event-bus';
import { contender } from './event-bus.contender.mjs';

const CHANNEL = 'frames:support';
/** A frame starts with it, and no JSON text does. */
const RECORD_SEPARATOR = '\u001E';

/**
 * Why the library cannot send batch frames; undefined when it does.
 *
 * @param {import('../lab/redis.server.mjs').BenchServer} server
 * @returns {Promise<string | undefined>}
 */
export async function framesProblem({ place, admin }) {
  try {
    json({ frames: true });
  } catch (error) {
    return `json({ frames: true }) is refused: ${error.message}`;
  }
  const listener = admin.duplicate();
  const publisher = await contender.connect({ place, codec: { frames: true } });
  try {
    await listener.subscribe(CHANNEL);
    const texts = [];
    listener.on('message', (_channel, text) => texts.push(text));
    // The first event of a tick leaves alone.
    await Promise.all([1, 2, 3].map(() => publisher.publish(CHANNEL, {})));
    while (texts.length < 2) await once(listener, 'message');
    return texts[1].startsWith(RECORD_SEPARATOR)
      ? undefined
      : 'json({ frames: true }) sends no batch frames.';
  } finally {
    listener.disconnect();
    await publisher.close();
  }
}
