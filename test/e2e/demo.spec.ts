import { jest } from '@jest/globals';
import { RedisServer } from '../support/redis.server.js';
import { NodeProcess } from './support/node.process.js';

jest.setTimeout(60_000);

describe('npm run demo', () => {
  it('tells the story of an order, and ends', async () => {
    const redis = await RedisServer.start();
    try {
      const demo = NodeProcess.start('scripts/demo.mjs', { REDIS_URL: redis.url });
      const exit = await demo.exited;
      expect(demo.output).toMatch(/created .*\n.*paid .*\n.*shipped .*\n\nDone\.\n$/);
      expect(exit).toEqual({ code: 0, signal: null });
    } finally {
      await redis.stop();
    }
  });

  it('fails with one line when Redis is not there', async () => {
    const demo = NodeProcess.start('scripts/demo.mjs', { REDIS_URL: 'redis://127.0.0.1:1' });
    expect(await demo.exited).toEqual({ code: 1, signal: null });
    expect(demo.output).toMatch(/^The Redis of REDIS_URL .* does not answer: .*\n$/);
  });
});
