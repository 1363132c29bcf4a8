import { inspect } from 'node:util';
import type { RedisOptions } from 'ioredis';
import { Redis } from 'ioredis';
import { LogLines } from '../../support/log.lines.js';
import type { Contender } from './contender.js';
import { isGlob } from './contender.js';

/**
 * ioredis with its defaults, as a careful user writes it: a connection to subscribe and one to publish, errors logged,
 * every subscription awaited.
 *
 * @param options what a row asks for on top
 * @param habits `awaitsSubscribe: false` is the careless user; `heartbeatMs` the one who pings, and disconnects when the
 * latest answer is older than that
 */
export function plainIoredis(
  options: RedisOptions = {},
  {
    awaitsSubscribe = true,
    heartbeatMs,
  }: { readonly awaitsSubscribe?: boolean; readonly heartbeatMs?: number } = {},
): Contender {
  return {
    name: 'plain ioredis',
    async start({ url, handlers = [], endLater }) {
      const log = new LogLines();
      const [subscriber, publisher] = [new Redis(url, options), new Redis(url, options)];
      endLater(() => [subscriber, publisher].forEach((client) => client.disconnect()));
      for (const client of [subscriber, publisher]) {
        client.on('error', (error: Error) => log.error(inspect(error)));
      }
      if (heartbeatMs !== undefined) endLater(beat(subscriber, heartbeatMs));
      const deliver = (target: string, body: string) => {
        for (const handler of handlers)
          if (handler.targets.includes(target)) void handler.handle(JSON.parse(body));
      };
      subscriber.on('message', (channel: string, body: string) => deliver(channel, body));
      subscriber.on('pmessage', (pattern: string, _channel: string, body: string) => deliver(pattern, body));

      const targets = [...new Set(handlers.flatMap((handler) => handler.targets))];
      const [channels, patterns] = [targets.filter((target) => !isGlob(target)), targets.filter(isGlob)];
      const started = Promise.all([
        publisher.ping(),
        channels.length > 0 && subscriber.subscribe(...channels),
        patterns.length > 0 && subscriber.psubscribe(...patterns),
      ]);
      if (awaitsSubscribe) await started;
      return {
        gaps: [],
        log,
        onUnready: (listener) => [subscriber, publisher].forEach((client) => client.on('close', listener)),
        isReady: () => [subscriber, publisher].every((client) => client.status === 'ready'),
        report: () => [subscriber.status, publisher.status, ...log.texts].join('\n'),
        publish: (channel, payload) => publisher.publish(channel, JSON.stringify(payload)),
        close: () => Promise.all([subscriber, publisher].map((client) => client.quit())),
      };
    },
  };
}

/** As in many a README. Returns what ends it. */
function beat(client: Redis, intervalMs: number): () => void {
  let answeredAtMs = performance.now();
  const timer = setInterval(() => {
    if (performance.now() - answeredAtMs > 2 * intervalMs) client.disconnect(true);
    client.ping().then(
      () => (answeredAtMs = performance.now()),
      () => undefined,
    );
  }, intervalMs);
  return () => clearInterval(timer);
}
