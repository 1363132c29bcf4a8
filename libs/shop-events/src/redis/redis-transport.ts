import { redis, redisCluster, type TransportFactory } from 'nestjs-redis-event-bus';
import type { RedisPlace } from './redis-place.js';

/** The transport of the events. */
export function redisTransport(place: RedisPlace): TransportFactory {
  switch (place.kind) {
    case 'server':
      return redis({ url: place.url });
    case 'cluster':
      return redisCluster({ nodes: place.nodes, ...place.access });
    case 'sentinels':
      return redis({ sentinels: [...place.sentinels], name: place.name, ...place.access });
  }
}
