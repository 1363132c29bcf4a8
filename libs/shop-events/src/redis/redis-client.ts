import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisPlace } from './redis-place.js';

export type RedisClient = Redis | Cluster;

/**
 * A request or handler gets an error, and may retry, instead of waiting until Redis is available again. A connection without a
 * reply for `socketTimeout` is dead: the limit leaves time for a new one.
 */
const LIMITS = { commandTimeout: 5_000, socketTimeout: 2_000 } satisfies RedisOptions;

/** CLIENT SETINFO would need another permission. */
const LEAST_PRIVILEGE = { disableClientInfo: true } satisfies RedisOptions;

/**
 * A client for reading and writing keys. It connects and reconnects automatically; its owner disconnects it. Never rejects: a
 * command that cannot be sent rejects.
 */
export async function openRedis(place: RedisPlace): Promise<RedisClient> {
  const client = createClient(place);
  // The command that fails reports it; without a listener ioredis prints it as well.
  client.on('error', () => undefined);
  if (client instanceof Cluster) await firstAttempt(client);
  return client;
}

function createClient(place: RedisPlace): RedisClient {
  const options: RedisOptions = {
    ...LIMITS,
    ...LEAST_PRIVILEGE,
    lazyConnect: true,
    maxRetriesPerRequest: 1,
  };
  switch (place.kind) {
    case 'server':
      return new Redis(place.url, options);
    case 'sentinels': {
      const { sentinels, name, access } = place;
      // A write to a former master is lost, so the client disconnects from it as soon as a Sentinel reports another.
      const following = { failoverDetector: true, sentinelCommandTimeout: 1_000, connectTimeout: 2_000 };
      return new Redis({ ...options, ...access, sentinels: [...sentinels], name, ...following });
    }
    case 'cluster':
      return new Cluster([...place.nodes], {
        redisOptions: { ...LIMITS, ...LEAST_PRIVILEGE, ...place.access },
        // A command would wait in it without a limit.
        enableOfflineQueue: false,
        // Connections resolve names themselves, and check certificates against them.
        dnsLookup: (host, callback) => callback(null, host),
      });
  }
}

/** Until then it rejects all commands. */
async function firstAttempt(cluster: Cluster): Promise<void> {
  await new Promise<void>((resolve) => {
    cluster.once('ready', resolve);
    cluster.once('close', resolve);
  });
}
