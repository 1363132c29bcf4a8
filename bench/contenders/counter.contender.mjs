import { Redis } from 'ioredis';

/** Not measured: counts what a publisher has sent, in whichever form. */
export const contender = {
  async subscribe({ place: { port }, targets, handlers: [handle] }) {
    const client = new Redis({ port });
    client.on('message', (channel, text) => {
      const sent = JSON.parse(text);
      handle(sent.data ?? sent);
    });
    await client.subscribe(...targets.map(({ name }) => name));
  },
};
