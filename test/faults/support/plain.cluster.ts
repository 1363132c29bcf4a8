import { inspect } from 'node:util';
import { Cluster } from 'ioredis';
import { LogLines } from '../../support/log.lines.js';
import type { Contender } from './contender.js';

/**
 * ioredis' Cluster with its defaults and its own subscriptions, as a careful user writes it: one to subscribe and one to
 * publish, errors logged, every subscription awaited.
 */
export function plainCluster(nodes: readonly string[], kind: 'channel' | 'shard'): Contender {
  return {
    name: 'plain ioredis',
    async start({ handlers = [], endLater }) {
      const log = new LogLines();
      const options = kind === 'shard' ? { shardedSubscribers: true } : {};
      const [subscriber, publisher] = [new Cluster([...nodes], options), new Cluster([...nodes], options)];
      endLater(() => [subscriber, publisher].forEach((client) => client.disconnect()));
      for (const client of [subscriber, publisher]) {
        client.on('error', (error: Error) => log.error(inspect(error)));
      }
      subscriber.on(kind === 'shard' ? 'smessage' : 'message', (channel: string, body: string) => {
        for (const { targets, handle } of handlers)
          if (targets.includes(channel)) void handle(JSON.parse(body));
      });
      // All channels of one SSUBSCRIBE have to be in one slot.
      for (const channel of new Set(handlers.flatMap(({ targets }) => targets))) {
        await (kind === 'shard' ? subscriber.ssubscribe(channel) : subscriber.subscribe(channel));
      }
      await publisher.ping();
      return {
        gaps: [],
        log,
        isReady: () => [subscriber, publisher].every((client) => client.status === 'ready'),
        report: () => [subscriber.status, publisher.status, ...log.texts].join('\n'),
        publish: (channel, payload) =>
          publisher[kind === 'shard' ? 'spublish' : 'publish'](channel, JSON.stringify(payload)),
        close: () => Promise.all([subscriber, publisher].map((client) => client.quit())),
      };
    },
  };
}
