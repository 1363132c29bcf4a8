import type { SubscriptionTarget } from './subscription-target.js';

const NAME = 'event-bus:instances';

/**
 * Where the instances of all services with this prefix report. On a Cluster it is a shard channel: there the count of PUBLISH
 * is that of one node, and that of SPUBLISH is right from every node.
 *
 * @param transport the name of the transport
 */
export function reportTarget(prefix: string, transport: string): SubscriptionTarget {
  return transport === 'redis-cluster'
    ? { kind: 'shard', name: `{${prefix}event-bus}:instances` }
    : { kind: 'channel', name: prefix + NAME };
}
