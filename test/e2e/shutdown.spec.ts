import { jest } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.server.js';
import { NodeProcess } from './support/node.process.js';
import { placeOrder, RunningApp } from './support/shop.js';

jest.setTimeout(60_000);

describe('shutdown', () => {
  let redis: RedisServer;
  const started: NodeProcess[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(async () => {
    await Promise.all(started.map((process) => process.stop()));
    await redis?.stop();
  });

  async function start(
    name: 'orders' | 'notifications',
    environment: Record<string, string>,
  ): Promise<RunningApp> {
    const app = await RunningApp.start(name, environment);
    started.push(app.process);
    return app;
  }

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'lets a slow handler finish after %s, and exits with 0',
    async (signal) => {
      const notifications = await start('notifications', { REDIS_URL: redis.url, NOTIFY_DELAY_MS: '1000' });
      const orders = await start('orders', { REDIS_URL: redis.url });
      const { id } = await placeOrder(orders, signal);
      await eventually(async () =>
        expect(await redis.cli('GET', `{notifications}:notification:${id}:created`)).toMatch(/^claimed by /),
      );

      notifications.process.signal(signal);
      expect(await notifications.process.exited).toEqual({ code: 0, signal: null });
      expect(await redis.cli('GET', `{notifications}:notification:${id}:created`)).toBe('sent');
      expect(await redis.cli('LLEN', `{notifications}:customer:${signal}`)).toBe(1);

      orders.process.signal(signal);
      expect(await orders.process.exited).toEqual({ code: 0, signal: null });
    },
  );

  it.each(['orders', 'notifications'] as const)('lets %s without Redis exit with 0', async (name) => {
    const app = await start(name, {});
    expect(await app.process.stop()).toEqual({ code: 0, signal: null });
  });
});
