import { Redis } from 'ioredis';
import { isPaid, validOrder } from './order.rules.mjs';

/** Plain ioredis: the loop that one would write by hand. */
export const contender = {
  async connect({ place: { port }, ...options }) {
    const client = await connected({ port, ...options });
    return { publish: (channel, order) => client.publish(channel, JSON.stringify(order)) };
  },
  async subscribe({ place: { port }, targets, style, handlers, ...options }) {
    const client = await connected({ port, ...options });
    const routes = new Map(targets.map(({ name }, index) => [name, loops[style](handlers[index])]));
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

const loops = {
  sync: (handle) => (text) => handle(JSON.parse(text)),
  async: (handle) => {
    const listener = async (order) => handle(order);
    return (text) => void listener(JSON.parse(text)).catch(fail);
  },
  guarded: (handle) => (text) => {
    const order = JSON.parse(text);
    if (isPaid(order)) return;
    handle(validOrder(order));
    handled += 1;
  },
};

let handled = 0;

async function connected(options) {
  const client = new Redis({ lazyConnect: true, ...options });
  client.on('error', fail);
  await client.connect();
  return client;
}

function fail(error) {
  console.error(error);
  process.exit(1);
}
