import { Cluster, Redis } from 'ioredis';

/** Not measured: counts what a publisher has sent, in whichever form. */
export const contender = {
  async subscribe({ place: { port, nodes }, targets, handlers: [handle] }) {
    const read = (channel, text) => {
      const sent = JSON.parse(text);
      handle(sent.data ?? sent);
    };
    const names = targets.map(({ name }) => name);
    if (nodes === undefined) {
      const client = new Redis({ port });
      client.on('message', read);
      await client.subscribe(...names);
    } else {
      const client = new Cluster(nodes, { shardedSubscribers: true });
      client.on('smessage', read);
      for (const name of names) await client.ssubscribe(name);
    }
  },
};
