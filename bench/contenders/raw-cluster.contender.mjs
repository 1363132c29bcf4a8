import { Cluster } from 'ioredis';

/** Plain ioredis on a Cluster, with shard channels. */
export const contender = {
  async connect({ place: { nodes } }) {
    const client = await connected(nodes, {});
    return { publish: (channel, order) => client.spublish(channel, JSON.stringify(order)) };
  },
  async subscribe({ place: { nodes }, targets, handlers }) {
    const client = await connected(nodes, { shardedSubscribers: true });
    const routes = new Map(targets.map(({ name }, index) => [name, handlers[index]]));
    client.on('smessage', (channel, text) => routes.get(channel)(JSON.parse(text)));
    // One command takes channels of one slot alone.
    for (const { name } of targets) await client.ssubscribe(name);
  },
};

async function connected(nodes, options) {
  const client = new Cluster(nodes, { lazyConnect: true, ...options });
  client.on('error', (error) => {
    console.error(error);
    process.exit(1);
  });
  await client.connect();
  return client;
}
