import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisPlace } from './redis-place.js';

export type RedisClient = Redis | Cluster;

/**
 * A request or handler gets an error, and may try again, rather than wait for Redis to come back. A link on which nothing
 * is answered for `socketTimeout` is dead: that leaves time for a new one.
 */
const LIMITS = { commandTimeout: 5_000, socketTimeout: 2_000 } satisfies RedisOptions;

/** CLIENT SETINFO would be one more permission to grant. */
const LEAST_PRIVILEGE = { disableClientInfo: true } satisfies RedisOptions;

/**
 * A client for reading and writing keys. It connects, and connects again, by itself; whoever asks for it disconnects it.
 * Never rejects: the command that cannot be sent does.
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
      // Writing to a master that is none any more is writing to nobody, so it leaves as soon as a Sentinel says so.
      const following = { failoverDetector: true, sentinelCommandTimeout: 1_000, connectTimeout: 2_000 };
      return new Redis({ ...options, ...access, sentinels: [...sentinels], name, ...following });
    }
    case 'cluster':
      return new Cluster([...place.nodes], {
        redisOptions: { ...LIMITS, ...LEAST_PRIVILEGE, ...place.access },
        // There is no limit to how long a command waits in it.
        enableOfflineQueue: false,
        // Connections look names up themselves, and check certificates against them.
        dnsLookup: (host, callback) => callback(null, host),
      });
  }
}

/** Until then it refuses all commands. */
async function firstAttempt(cluster: Cluster): Promise<void> {
  await new Promise<void>((resolve) => {
    cluster.once('ready', resolve);
    cluster.once('close', resolve);
  });
}
