import { Redis } from 'ioredis';
import { RedisPubSub } from 'graphql-redis-subscriptions';

/** `graphql-redis-subscriptions`, on the same ioredis as the others. */
export const contender = {
  async connect({ place: { port } }) {
    const pubsub = open(port);
    return { publish: (channel, order) => pubsub.publish(channel, order) };
  },
  async subscribe({ place: { port }, targets, style, handlers }) {
    const pubsub = open(port);
    const subscriptions = targets.map(({ name, isPattern }, index) =>
      pubsub.subscribe(name, listeners[style](handlers[index]), { pattern: isPattern }),
    );
    await Promise.all(subscriptions);
  },
};

const listeners = {
  sync: (handle) => handle,
  async: (handle) => async (order) => handle(order),
};

function open(port) {
  return new RedisPubSub({ publisher: new Redis({ port }), subscriber: new Redis({ port }) });
}
