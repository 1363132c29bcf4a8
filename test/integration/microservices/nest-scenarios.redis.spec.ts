import { redis } from 'nestjs-redis-event-bus';
import { RedisServer } from '../../support/redis.server.js';
import { describeNestScenarios } from './support/nest.scenarios.js';

describe("an application of Nest's Redis transport on redis()", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  describeNestScenarios(() => redis({ url: server.url }));
});
