import { jest } from '@jest/globals';
import { RedisServer } from '../support/redis.server.js';
import { placeOrder, RunningApp, untilNotified } from './support/shop.js';

jest.setTimeout(60_000);

describe('two instances of notifications on one store', () => {
  let redis: RedisServer;
  let apps: RunningApp[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start();
    const environment = { REDIS_URL: redis.url };
    apps = await Promise.all([
      RunningApp.start('orders', environment),
      RunningApp.start('notifications', environment),
      RunningApp.start('notifications', environment),
    ]);
  });

  afterAll(async () => {
    await Promise.all(apps.map((app) => app.process.stop()));
    await redis?.stop();
  });

  it('tell the customer once for each order and status', async () => {
    const [orders, ...instances] = apps as [RunningApp, RunningApp, RunningApp];
    const placed = await Promise.all(Array.from({ length: 25 }, () => placeOrder(orders, 'ada')));
    await Promise.all(placed.map(({ id }) => orders.post(`/orders/${id}/pay`)));
    await Promise.all(instances.map((app) => untilNotified(app, 'ada', 50)));

    // Handled after everything before it, by both: what comes too often is there by now.
    await Promise.all(instances.map((app) => app.process.stop()));
    const listed = (await redis.cli('LRANGE', '{notifications}:customer:ada', 0, -1)) as string[];
    const told = listed.map((text) => (JSON.parse(text) as { id: string }).id);
    const expected = placed.flatMap(({ id }) => [`${id}:created`, `${id}:paid`]);
    expect(told.sort()).toEqual(expected.sort());
    const log = instances.map(({ process }) => process.output).join('');
    for (const id of expected) expect(log.split(`notification=${id}`)).toHaveLength(2);
  });
});
