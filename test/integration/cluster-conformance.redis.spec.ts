/** @needs-redis-7 a node of a Cluster cannot be told its bus port */
import { Cluster } from 'ioredis';
import { describeTransport } from '../../libs/event-bus/src/conformance/describe-transport.js';
import type { TransportHarness } from '../../libs/event-bus/src/conformance/transport.conformance.js';
import type { RedisClusterTransportOptions } from '../../libs/event-bus/src/transports/redis-cluster/redis-cluster.options.js';
import { redisCluster } from '../../libs/event-bus/src/transports/redis-cluster/redis-cluster.transport.js';
import { RedisCluster } from '../support/redis.cluster.js';

/** Set for each project in jest.config.mjs. */
declare const IOREDIS_MAJOR: number;

const capabilities = { shard: true, claim: true, links: true, exactCounts: false };

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await RedisCluster.start();
}, 60_000);
afterAll(() => cluster.stopAll());

function describeCluster(
  variant: string,
  optionsOf: () => RedisClusterTransportOptions,
  after = () => {},
): void {
  const harness = (): TransportHarness => {
    const factory = redisCluster(optionsOf());
    return { open: async (listener) => factory.create(listener), capabilities };
  };
  describeTransport(`redisCluster(${variant}) on ioredis ${IOREDIS_MAJOR}`, harness, { capabilities, after });
}

describeCluster('{ nodes }', () => ({ nodes: cluster.nodeUrls }));
describeCluster('{ nodes, fastPath: false }', () => ({ nodes: cluster.nodeUrls, fastPath: false }));

if (IOREDIS_MAJOR >= 6) {
  // RESP2 is the default.
  describeCluster('{ nodes, protocol: 3 }', () => ({ nodes: cluster.nodeUrls, protocol: 3 }));
}

let client: Cluster;
describeCluster(
  '{ client }',
  () => {
    client = new Cluster([cluster.nodeUrls[0]!]);
    return { client };
  },
  () => client.disconnect(),
);
