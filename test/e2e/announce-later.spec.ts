import { jest } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.server.js';
import { placeOrder, RunningApp, untilNotified } from './support/shop.js';

jest.setTimeout(60_000);

const PASSWORD = 'orders-only';

describe('orders that were stored and could not be announced', () => {
  let redis: RedisServer;
  let orders: RunningApp;
  let notifications: RunningApp;

  beforeAll(async () => {
    redis = await RedisServer.start();
    await redis.cli('ACL', 'SETUSER', 'orders', 'on', `>${PASSWORD}`, '~*', '+@all', 'resetchannels');
    orders = await startOrders();
    notifications = await RunningApp.start('notifications', { REDIS_URL: redis.url });
    await notifications.process.prints(/Reconciled \(cause=start/);
  });

  afterAll(async () => {
    await Promise.all([orders?.process.stop(), notifications?.process.stop()]);
    await redis?.stop();
  });

  const startOrders = () =>
    RunningApp.start('orders', { REDIS_URL: `redis://orders:${PASSWORD}@127.0.0.1:${redis.port}` });
  const mayPublish = (rule: 'allchannels' | 'resetchannels') => redis.cli('ACL', 'SETUSER', 'orders', rule);
  const unannounced = () => redis.cli('ZRANGE', '{orders}:unannounced', 0, -1);

  it('are announced when that is possible, in the order in which it happened', async () => {
    const order = await placeOrder(orders, 'ada');
    expect((await orders.post(`/orders/${order.id}/pay`)).status).toBe(200);
    expect(await unannounced()).toEqual([`${order.id}:created`, `${order.id}:paid`]);
    expect((await notifications.get('/notifications?customerId=ada')).body).toEqual([]);

    await mayPublish('allchannels');
    const told = await untilTold('ada', 2);
    expect(told.map(({ status }) => status)).toEqual(['created', 'paid']);
    await eventually(async () => expect(await unannounced()).toEqual([]));
  });

  it('are announced by the next process when the one that stored them was killed', async () => {
    await mayPublish('resetchannels');
    const { id } = await placeOrder(orders, 'bob');
    orders.process.signal('SIGKILL');
    await orders.process.exited;
    expect(await unannounced()).toEqual([`${id}:created`]);

    await mayPublish('allchannels');
    orders = await startOrders();
    expect(await untilTold('bob', 1)).toMatchObject([{ orderId: id, status: 'created' }]);
    await eventually(async () => expect(await unannounced()).toEqual([]));
  });

  /** It looks for them now and then, and takes those that it finds twice. */
  const untilTold = (customerId: string, count: number) =>
    untilNotified(notifications, customerId, count, { timeoutMs: 30_000 });
});
