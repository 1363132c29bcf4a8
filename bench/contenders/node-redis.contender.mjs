import { createClient } from 'redis';
import { endWith, plainLoops } from './plain.loops.mjs';

/** The `redis` package. */
export const contender = {
  async connect({ place: { port }, protocol }) {
    const client = await connected(port, protocol);
    return { publish: (channel, order) => client.publish(channel, JSON.stringify(order)) };
  },
  async subscribe({ place: { port }, targets, style, handlers, protocol }) {
    const client = await connected(port, protocol);
    const subscriptions = targets.map(({ name, isPattern }, index) => {
      const listener = plainLoops[style](handlers[index]);
      return isPattern ? client.pSubscribe(name, listener) : client.subscribe(name, listener);
    });
    await Promise.all(subscriptions);
  },
};

async function connected(port, protocol) {
  const version = protocol === undefined ? {} : { RESP: protocol };
  const client = createClient({ socket: { host: '127.0.0.1', port }, ...version });
  client.on('error', endWith);
  await client.connect();
  return client;
}
