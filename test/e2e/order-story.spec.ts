import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Order } from '../../libs/shop-events/src/index.js';
import { eventually } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import { RedisServer } from '../support/redis.server.js';
import { placeOrder, RunningApp, teapots, untilNotified } from './support/shop.js';

jest.setTimeout(60_000);

describe('orders and notifications, two processes over Redis', () => {
  let redis: RedisServer;
  let orders: RunningApp;
  let notifications: RunningApp;

  beforeAll(async () => {
    redis = await RedisServer.start();
    const environment = { REDIS_URL: redis.url };
    [orders, notifications] = await Promise.all([
      RunningApp.start('orders', environment),
      RunningApp.start('notifications', environment),
    ]);
  });

  afterAll(async () => {
    await Promise.all([orders?.process.stop(), notifications?.process.stop()]);
    await redis?.stop();
  });

  it('tells the customer of every step of an order', async () => {
    const order = await placeOrder(orders, 'ada');
    expect(order).toMatchObject({ customerId: 'ada', items: [teapots], total: 59.8, status: 'created' });
    await untilNotified(notifications, 'ada', 1);
    expect(await orders.post(`/orders/${order.id}/pay`)).toMatchObject({
      status: 200,
      body: { status: 'paid' },
    });
    await untilNotified(notifications, 'ada', 2);
    expect(await orders.post(`/orders/${order.id}/ship`)).toMatchObject({
      status: 200,
      body: { status: 'shipped' },
    });

    const told = await untilNotified(notifications, 'ada', 3);
    expect(told.map(({ orderId, status }) => ({ orderId, status }))).toEqual([
      { orderId: order.id, status: 'created' },
      { orderId: order.id, status: 'paid' },
      { orderId: order.id, status: 'shipped' },
    ]);
    expect((await orders.get(`/orders/${order.id}`)).body).toMatchObject({
      ...order,
      status: 'shipped',
      updatedAt: expect.any(String),
      history: ['created', 'paid', 'shipped'].map((status) => ({ status, at: expect.any(String) })),
    });
  });

  it('lists orders, the newest first', async () => {
    const first = await placeOrder(orders, 'list');
    const second = await placeOrder(orders, 'list');
    await untilNotified(notifications, 'list', 2);
    const { body } = await orders.get('/orders');
    const ids = (body as Order[]).filter(({ customerId }) => customerId === 'list').map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([first.id, second.id]));
    expect((body as Order[]).map(({ createdAt }) => createdAt)).toEqual(
      (body as Order[])
        .map(({ createdAt }) => createdAt)
        .sort()
        .reverse(),
    );
  });

  it('lets one of several concurrent payments succeed', async () => {
    const placed = await Promise.all(Array.from({ length: 20 }, () => placeOrder(orders, 'race')));
    for (const { id } of placed) {
      const answers = await Promise.all([1, 2, 3].map(() => orders.post(`/orders/${id}/pay`)));
      expect(answers.map(({ status }) => String(status)).sort()).toEqual(['200', '409', '409']);
    }
    await untilNotified(notifications, 'race', 40);
  });

  it('refuses wrong input with the field and the reason', async () => {
    const post = (body: unknown) => orders.post('/orders', body);
    const refusal = (reason: string) => ({
      status: 400,
      body: { message: [expect.stringContaining(reason)] },
    });
    const withItem = (change: object) => ({ customerId: 'ada', items: [{ ...teapots, ...change }] });

    expect(await post({ items: [teapots] })).toMatchObject(refusal('customerId: is required'));
    expect(await post(withItem({ quantity: -1 }))).toMatchObject(
      refusal('items.0.quantity: must be a whole number'),
    );
    expect(await post(withItem({ quantity: 1.5 }))).toMatchObject(
      refusal('items.0.quantity: must be a whole number'),
    );
    expect(await post(withItem({ unitPrice: 1e308 }))).toMatchObject(
      refusal('items.0.unitPrice: must be an amount'),
    );
    expect(await post({ customerId: 'ada', items: Array(101).fill(teapots) })).toMatchObject(
      refusal('items: must not have more than 100 items'),
    );
    expect(await orders.send('POST', '/orders', '{"customerId":')).toMatchObject({ status: 400 });
    expect(await orders.send('POST', '/orders', 'customerId', 'text/plain')).toMatchObject(
      refusal('The body must be a JSON object'),
    );
    expect(await post({ customerId: 'ada', items: [], note: 'x'.repeat(200_000) })).toMatchObject({
      status: 413,
    });
    expect(await notifications.get('/notifications')).toMatchObject(refusal('customerId: is required'));
  });

  it('refuses impossible steps and unknown orders', async () => {
    const { id } = await placeOrder(orders, 'bob');
    expect(await orders.post(`/orders/${id}/ship`)).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('is created: only an order that is paid can become shipped') },
    });
    expect(await orders.post(`/orders/${id}/cancel`)).toMatchObject({
      status: 200,
      body: { status: 'cancelled' },
    });
    expect(await orders.post(`/orders/${id}/pay`)).toMatchObject({ status: 409 });
    expect(await orders.post('/orders/unknown/pay')).toMatchObject({ status: 404 });
    expect(await orders.get('/orders/unknown')).toMatchObject({ status: 404 });
    await untilNotified(notifications, 'bob', 2);
  });

  it('handles plain JSON that a foreign client publishes', async () => {
    await redis.cli('PUBLISH', 'orders:created', '{"id":"f1","customerId":"foreign","status":"created"}');
    expect(await untilNotified(notifications, 'foreign', 1)).toMatchObject([
      { orderId: 'f1', status: 'created' },
    ]);
  });

  it('handles a CloudEvent that a foreign client publishes, with no more attributes than it must have', async () => {
    const data = { id: 'f2', customerId: 'foreign-event', status: 'created' };
    const event = { specversion: '1.0', id: 'event-1', source: '/foreign', type: 'order.created', data };
    await redis.cli('PUBLISH', 'orders:created', JSON.stringify(event));
    expect(await untilNotified(notifications, 'foreign-event', 1)).toMatchObject([
      { orderId: 'f2', status: 'created' },
    ]);
  });

  it('survives events that are no orders, logs them, and goes on', async () => {
    // Of failures of one kind the first is logged in full.
    const wrong = [
      '{"status":"created","id":7}',
      '',
      'not json',
      'null',
      '[]',
      '{"id":"w1","customerId":"wrong"}',
    ];
    for (const text of wrong) await redis.cli('PUBLISH', 'orders:created', text);
    await redis.cli('PUBLISH', 'orders:created', '{"id":"w2","customerId":"wrong","status":"created"}');
    expect(await untilNotified(notifications, 'wrong', 1)).toMatchObject([{ orderId: 'w2' }]);
    expect(notifications.process.output).toMatch(/customerId/);
    expect((await notifications.get('/health')).status).toBe(200);
  });

  it('sends CloudEvents as JSON that any client can read, with the payload as data', async () => {
    const inbox = new Inbox<{ channel: string; text: string }>();
    const foreign = new Redis(redis.url);
    foreign.on('pmessage', (_pattern: string, channel: string, text: string) =>
      inbox.push({ channel, text }),
    );
    await foreign.psubscribe('orders:*', 'notifications:*');
    try {
      const order = await placeOrder(orders, 'plain');
      const [notification] = await untilNotified(notifications, 'plain', 1);
      const received = await inbox.upTo(({ channel }) => channel === 'notifications:plain:sent');
      const event = {
        specversion: '1.0',
        id: expect.any(String),
        time: expect.any(String),
        datacontenttype: 'application/json',
        publisherid: expect.any(String),
        sequence: expect.stringMatching(/^\d{16}$/),
      };
      expect(received.map(({ text }) => JSON.parse(text) as unknown)).toEqual([
        { ...event, source: '/orders', type: 'orders:created', data: order },
        { ...event, source: '/notifications', type: 'notifications:plain:sent', data: notification },
      ]);
      expect(received.map(({ channel }) => channel)).toEqual(['orders:created', 'notifications:plain:sent']);
    } finally {
      foreign.disconnect();
    }
  });

  it('keeps orders and notifications when the apps start again', async () => {
    const order = await placeOrder(orders, 'eve');
    await untilNotified(notifications, 'eve', 1);
    expect(await Promise.all([orders.process.stop(), notifications.process.stop()])).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
    orders = await RunningApp.start('orders', { REDIS_URL: redis.url });
    notifications = await RunningApp.start('notifications', { REDIS_URL: redis.url });
    expect((await orders.get(`/orders/${order.id}`)).body).toEqual(order);
    await untilNotified(notifications, 'eve', 1);
  });

  it('is unhealthy while Redis is away, and healthy again with what it knew', async () => {
    await redis.kill();
    await eventually(async () => expect(await orders.get('/health')).toMatchObject({ status: 503 }));
    expect((await orders.post('/orders', { customerId: 'ada', items: [teapots] })).status).toBe(500);
    await redis.restart();
    await eventually(async () => {
      expect(await orders.get('/health')).toEqual({ status: 200, body: { status: 'ready' } });
      expect(await notifications.get('/health')).toEqual({ status: 200, body: { status: 'ready' } });
    });
    await placeOrder(orders, 'back');
    await untilNotified(notifications, 'back', 1);
  });
});
