import { createClient } from 'redis';

/** The `redis` package. */
export const contender = {
  async connect({ place: { port } }) {
    const client = await connected(port);
    return { publish: (channel, order) => client.publish(channel, JSON.stringify(order)) };
  },
  async subscribe({ place: { port }, targets, style, handlers }) {
    const client = await connected(port);
    const subscriptions = targets.map(({ name, isPattern }, index) => {
      const listener = listeners[style](handlers[index]);
      return isPattern ? client.pSubscribe(name, listener) : client.subscribe(name, listener);
    });
    await Promise.all(subscriptions);
  },
};

const listeners = {
  sync: (handle) => (text) => handle(JSON.parse(text)),
  async: (handle) => {
    const listener = async (order) => handle(order);
    return (text) => void listener(JSON.parse(text)).catch(fail);
  },
};

async function connected(port) {
  const client = createClient({ socket: { host: '127.0.0.1', port } });
  client.on('error', fail);
  await client.connect();
  return client;
}

function fail(error) {
  console.error(error);
  process.exit(1);
}
