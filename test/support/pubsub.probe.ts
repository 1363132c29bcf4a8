import type { ClusterNode, RedisCluster } from './redis.cluster.js';
import type { RedisServer } from './redis.server.js';

/** How many connections to this server are subscribed to a channel. */
export function subscriberCount(server: RedisServer, channel: string): Promise<number> {
  return countOf(server, 'NUMSUB', channel);
}

/** How many connections to this server are subscribed to a shard channel. */
export function shardSubscriberCount(server: RedisServer, channel: string): Promise<number> {
  return countOf(server, 'SHARDNUMSUB', channel);
}

/**
 * The node of a Cluster at which somebody is subscribed to a channel.
 *
 * @param except is not asked: one that is stopped would not answer
 * @throws when there is none
 */
export async function subscribedNode(
  cluster: RedisCluster,
  channel: string,
  except?: ClusterNode,
): Promise<ClusterNode> {
  for (const node of cluster.nodes) {
    if (node !== except && (await subscriberCount(node.server, channel)) > 0) return node;
  }
  throw new Error(`Nobody is subscribed to ${channel} at any node.`);
}

async function countOf(server: RedisServer, query: string, channel: string): Promise<number> {
  const reply = (await server.cli('PUBSUB', query, channel)) as unknown[];
  return Number(reply[1]);
}
