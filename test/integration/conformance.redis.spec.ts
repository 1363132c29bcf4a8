import { Redis } from 'ioredis';
import type { TransportHarness } from '../../libs/event-bus/src/conformance/transport.conformance.js';
import { describeTransport } from '../../libs/event-bus/src/conformance/describe-transport.js';
import type { RedisTransportOptions } from '../../libs/event-bus/src/transports/redis/redis.options.js';
import { redis } from '../../libs/event-bus/src/transports/redis/redis.transport.js';
import { HAS_SHARDS } from '../support/redis.major.js';
import { RedisServer } from '../support/redis.server.js';

/** Set for each project in jest.config.mjs. */
declare const IOREDIS_MAJOR: number;

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

function describeRedis(variant: string, optionsOf: () => RedisTransportOptions, after?: () => void): void {
  const harness = (): TransportHarness => {
    const factory = redis(optionsOf());
    return {
      open: async (listener) => factory.create(listener),
      capabilities: { shard: HAS_SHARDS, claim: true, links: true },
    };
  };
  const name = `redis(${variant}) on ioredis ${IOREDIS_MAJOR}`;
  describeTransport(name, harness, {
    capabilities: { shard: HAS_SHARDS, claim: true, links: true },
    ...(after ? { after } : {}),
  });
}

describeRedis('{ url }', () => ({ url: server.url }));
describeRedis('{ url, fastPath: false }', () => ({ url: server.url, fastPath: false }));

if (IOREDIS_MAJOR >= 6) {
  // RESP2 is the default.
  describeRedis('{ url, protocol: 3 }', () => ({ url: server.url, protocol: 3 }));
} else {
  it.skip('redis({ url, protocol }) (skipped: ioredis 5 speaks RESP2 alone and has no such option)', () => {
    expect(IOREDIS_MAJOR).toBeGreaterThanOrEqual(6);
  });
}

let client: Redis;
describeRedis(
  '{ client }',
  () => {
    client = new Redis(server.url);
    return { client };
  },
  () => client.disconnect(),
);
