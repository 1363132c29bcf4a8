import { Redis } from 'ioredis';
import { endWith, plainLoops } from './plain.loops.mjs';

/** Plain ioredis: the loop that one would write by hand. */
export const contender = {
  async connect({ place: { port }, ...options }) {
    const client = await connected({ port, ...options });
    return { publish: (channel, order) => client.publish(channel, JSON.stringify(order)) };
  },
  async subscribe({ place: { port }, targets, style, handlers, ...options }) {
    const client = await connected({ port, ...options });
    const routes = new Map(targets.map(({ name }, index) => [name, plainLoops[style](handlers[index])]));
    if (routes.size === 1) {
      const [[, loop]] = routes;
      client.on('message', (channel, text) => loop(text));
      client.on('pmessage', (pattern, channel, text) => loop(text));
    } else {
      client.on('message', (channel, text) => routes.get(channel)(text));
      client.on('pmessage', (pattern, channel, text) => routes.get(pattern)(text));
    }
    const named = (isPattern) =>
      targets.filter((target) => target.isPattern === isPattern).map(({ name }) => name);
    if (named(false).length > 0) await client.subscribe(...named(false));
    if (named(true).length > 0) await client.psubscribe(...named(true));
  },
};

async function connected(options) {
  const client = new Redis({ lazyConnect: true, ...options });
  client.on('error', endWith);
  await client.connect();
  return client;
}
