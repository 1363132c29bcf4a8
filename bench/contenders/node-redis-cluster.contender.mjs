import { createCluster } from 'redis';
import { endWith, plainLoops } from './plain.loops.mjs';

/** The `redis` package on a Cluster, with shard channels. */
export const contender = {
  async connect({ place: { nodes } }) {
    const client = await connected(nodes);
    return { publish: (channel, order) => client.sPublish(channel, JSON.stringify(order)) };
  },
  async subscribe({ place: { nodes }, targets, style, handlers }) {
    const client = await connected(nodes);
    for (const [index, { name }] of targets.entries()) {
      await client.sSubscribe(name, plainLoops[style](handlers[index]));
    }
  },
};

async function connected(nodes) {
  const client = createCluster({ rootNodes: nodes.map((socket) => ({ socket })) });
  client.on('error', endWith);
  await client.connect();
  return client;
}
