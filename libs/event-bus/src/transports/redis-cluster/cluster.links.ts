import { TransportRefusedError } from '../../errors.js';
import type { RedisLinkParts } from '../redis/redis.links.js';
import { RedisLinks } from '../redis/redis.links.js';

/** The links of a transport on a Cluster, which a server that is none refuses for good. */
export class ClusterLinks extends RedisLinks {
  constructor(
    private readonly address: string,
    parts: RedisLinkParts,
  ) {
    super(() => `The Redis Cluster at ${address}`, parts);
  }

  override refusalOf(error: Error, wasReady: boolean): Error | undefined {
    if (!/cluster support disabled/i.test(error.message)) return super.refusalOf(error, wasReady);
    const message = `The Redis at ${this.address} is not a Cluster: ${error.message}. Use redis() instead of redisCluster().`;
    return new TransportRefusedError(message, { cause: error });
  }
}
