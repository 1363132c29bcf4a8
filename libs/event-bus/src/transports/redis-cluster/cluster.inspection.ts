import { NotConnectedError } from '../../errors.js';
import type { InspectionQuery, InspectionResult } from '../event.transport.js';
import { inspectRedis } from '../redis/redis.inspection.js';
import type { ClusterTopology } from './cluster.topology.js';
import { askNode } from './node.question.js';
import type { ClusterSettings } from './redis-cluster.options.js';

/**
 * Asks every node, because each only knows its own subscribers, and only the owners know those of shard channels. A node that
 * does not answer is an error, because the numbers would be wrong.
 *
 * @throws NotConnectedError, TransportRefusedError, NotSupportedError
 */
export async function inspectCluster(
  settings: ClusterSettings,
  topology: ClusterTopology,
  query: InspectionQuery,
): Promise<InspectionResult> {
  if (!topology.isKnown) throw new NotConnectedError();
  const isOfShards = query.query === 'shardChannels' || query.query === 'shardSubscriberCounts';
  const nodes = isOfShards ? topology.masters : topology.nodes;
  const results = await Promise.all(
    nodes.map((node) => askNode(settings, node, (connection) => inspectRedis(connection, query))),
  );
  return merged(query, results);
}

function merged(query: InspectionQuery, results: readonly InspectionResult[]): InspectionResult {
  switch (query.query) {
    case 'channels':
    case 'shardChannels':
      return { channels: [...new Set(results.flatMap(({ channels }) => channels ?? []))] };
    case 'subscriberCounts':
    case 'shardSubscriberCounts':
      return { counts: sumOf(results) };
    case 'patternCount':
      return { total: results.reduce((sum, { total }) => sum + (total ?? 0), 0) };
  }
}

function sumOf(results: readonly InspectionResult[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { counts } of results) {
    for (const [name, count] of counts ?? []) sums.set(name, (sums.get(name) ?? 0) + count);
  }
  return sums;
}
