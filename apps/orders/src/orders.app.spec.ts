import { jest } from '@jest/globals';
import type { Order } from '@libs/shop-events';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { EventBusPublisher, EventBusStatus } from 'nestjs-redis-event-bus';
import { EventBusTestingModule, EventRecorder } from 'nestjs-redis-event-bus/testing';
import request from 'supertest';
import { AppModule } from './app.module.js';
import { OrderAnnouncer } from './orders/order.announcer.js';

const teapot = { sku: 'teapot', quantity: 2, unitPrice: 29.9 };
const orderRequest = { customerId: 'ada', items: [teapot] };

describe('the orders app', () => {
  let app: INestApplication;
  let events: EventRecorder;

  beforeEach(async () => {
    const testing = await Test.createTestingModule({
      imports: [AppModule.forRoot(), EventBusTestingModule.forRoot()],
    }).compile();
    app = testing.createNestApplication({ logger: false });
    await app.init();
    events = app.get(EventRecorder);
  });

  afterEach(() => app.close());

  const http = () => request(app.getHttpServer());
  const place = async () => (await http().post('/orders').send(orderRequest).expect(201)).body as Order;
  const published = () => events.published.map(({ channel, payload }) => ({ channel, payload }));

  it('places an order, stores it and publishes it', async () => {
    const order = await place();
    expect(order).toMatchObject({ ...orderRequest, id: expect.any(String), status: 'created', total: 59.8 });
    expect((await http().get(`/orders/${order.id}`).expect(200)).body).toEqual(order);
    expect(published()).toEqual([{ channel: 'orders:created', payload: order }]);
  });

  it('publishes every step with the order as it is then', async () => {
    const order = await place();
    const { body: paid } = await http().post(`/orders/${order.id}/pay`).expect(200);
    const { body: shipped } = await http().post(`/orders/${order.id}/ship`).expect(200);
    expect(paid).toMatchObject({ id: order.id, status: 'paid', createdAt: order.createdAt });
    expect(published().slice(1)).toEqual([
      { channel: 'orders:paid', payload: paid },
      { channel: 'orders:shipped', payload: shipped },
    ]);
  });

  it('serves the metrics of its bus', async () => {
    await place();
    const { text } = await http()
      .get('/metrics')
      .expect(200)
      .expect('content-type', /^text\/plain; version=0\.0\.4/);
    expect(text).toMatch(/^event_bus_published_total\{.*outcome="nobody"\} 1$/m);
  });

  it('refuses an impossible step with 409, says why, and publishes nothing', async () => {
    const order = await place();
    const { body } = await http().post(`/orders/${order.id}/ship`).expect(409);
    expect(body.message).toBe(`Order ${order.id} is created: only an order that is paid can become shipped.`);
    expect(events.published).toHaveLength(1);
  });

  it('lets one of two concurrent payments succeed', async () => {
    const { id } = await place();
    const answers = await Promise.all([http().post(`/orders/${id}/pay`), http().post(`/orders/${id}/pay`)]);
    expect(answers.map(({ status }) => String(status)).sort()).toEqual(['200', '409']);
    expect(published().filter(({ channel }) => channel === 'orders:paid')).toHaveLength(1);
  });

  it('lists orders, the newest first', async () => {
    const first = await place();
    const second = await place();
    expect((await http().get('/orders').expect(200)).body).toEqual([second, first]);
  });

  it('answers 404 for an order that it does not know', async () => {
    await http()
      .get('/orders/nope')
      .expect(404, /There is no order \\"nope\\"/);
    await http().post('/orders/nope/pay').expect(404);
  });

  it('keeps the order when its event cannot be published', async () => {
    jest.spyOn(app.get(EventBusPublisher), 'publish').mockRejectedValueOnce(new Error('no link'));
    const order = await place();
    expect((await http().get(`/orders/${order.id}`).expect(200)).body).toEqual(order);
  });

  it('announces later what could not be published, each change as it was', async () => {
    const publish = jest.spyOn(app.get(EventBusPublisher), 'publish').mockRejectedValue(new Error('no link'));
    const order = await place();
    const { body: paid } = await http().post(`/orders/${order.id}/pay`).expect(200);
    publish.mockRestore();
    const announcer = app.get(OrderAnnouncer);
    await announcer.announceLeft();
    expect(published()).toEqual([]);
    await announcer.announceLeft();
    await announcer.announceLeft();
    expect(published()).toEqual([
      { channel: 'orders:created', payload: order },
      { channel: 'orders:paid', payload: paid },
    ]);
  });

  it('leaves alone what it has announced', async () => {
    await place();
    for (let look = 1; look <= 3; look += 1) await app.get(OrderAnnouncer).announceLeft();
    expect(published()).toHaveLength(1);
  });

  it('waits for the bus before it announces what is left', async () => {
    const publish = jest.spyOn(app.get(EventBusPublisher), 'publish').mockRejectedValue(new Error('no link'));
    await place();
    publish.mockClear();
    const current = jest.spyOn(app.get(EventBusStatus), 'current', 'get').mockReturnValue('degraded');
    for (let look = 1; look <= 3; look += 1) await app.get(OrderAnnouncer).announceLeft();
    expect(publish).not.toHaveBeenCalled();
    current.mockRestore();
  });

  it.each<[string, unknown, string]>([
    ['no customer', { items: [teapot] }, 'customerId: is required'],
    [
      'a customer that is no name',
      { customerId: 'a:*', items: [teapot] },
      'customerId: must be 1 to 64 letters',
    ],
    ['a customer that is a number', { customerId: 7, items: [teapot] }, 'customerId: must be a string'],
    ['no items', { customerId: 'ada' }, 'items: is required'],
    ['an empty list', { customerId: 'ada', items: [] }, 'items: must have at least one item'],
    [
      'too many items',
      { customerId: 'ada', items: Array(101).fill(teapot) },
      'items: must not have more than 100 items',
    ],
    ['an item that is none', { customerId: 'ada', items: ['teapot'] }, 'items.0: must be an object with sku'],
    ['an empty body', {}, 'customerId: is required'],
    ['a list', [], 'The body must be a JSON object'],
  ])('refuses %s with 400 and the reason', async (_what, body, reason) => {
    await expectRefusal(body, reason);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ sku: undefined }, 'items.0.sku: is required'],
    [{ sku: ' ' }, 'items.0.sku: must be 1 to 64 characters'],
    [{ quantity: undefined }, 'items.0.quantity: is required'],
    [{ quantity: '2' }, 'items.0.quantity: must be a number'],
    [{ quantity: 0 }, 'items.0.quantity: must be a whole number from 1 to 1000'],
    [{ quantity: -1 }, 'items.0.quantity: must be a whole number from 1 to 1000'],
    [{ quantity: 1.5 }, 'items.0.quantity: must be a whole number from 1 to 1000'],
    [{ quantity: 1e21 }, 'items.0.quantity: must be a whole number from 1 to 1000'],
    [{ unitPrice: null }, 'items.0.unitPrice: must be a number'],
    [{ unitPrice: -0.01 }, 'items.0.unitPrice: must be an amount from 0 to 1000000'],
    [{ unitPrice: 0.001 }, 'items.0.unitPrice: must be an amount from 0 to 1000000'],
    [{ unitPrice: 1e300 }, 'items.0.unitPrice: must be an amount from 0 to 1000000'],
  ])('refuses an item with %j with 400 and the reason', async (change, reason) => {
    await expectRefusal({ customerId: 'ada', items: [{ ...teapot, ...change }] }, reason);
  });

  it('refuses what is no JSON with 400', async () => {
    const send = (type: string, body: string) => http().post('/orders').set('Content-Type', type).send(body);
    await send('application/json', '{"customerId":').expect(400, /JSON/);
    await send('text/plain', JSON.stringify(orderRequest)).expect(400, /The body must be a JSON object/);
    await http()
      .post('/orders')
      .expect(400, /The body must be a JSON object/);
  });

  it('refuses a body that is too large with 413', async () => {
    await http()
      .post('/orders')
      .send({ ...orderRequest, note: 'x'.repeat(200_000) })
      .expect(413);
  });

  it('is healthy while the bus is ready', async () => {
    await http().get('/health').expect(200, { status: 'ready' });
    jest.spyOn(app.get(EventBusStatus), 'current', 'get').mockReturnValue('degraded');
    await http().get('/health').expect(503, { status: 'degraded' });
  });

  it('is ready while the bus is, and lives all the same', async () => {
    expect((await http().get('/health/ready').expect(200)).body).toMatchObject({
      status: 'ok',
      details: { 'event-bus': { status: 'up', state: 'ready' } },
    });
    jest.spyOn(app.get(EventBusStatus), 'current', 'get').mockReturnValue('degraded');
    await http().get('/health/ready').expect(503);
    await http().get('/health/live').expect(200, { status: 'ok' });
  });

  async function expectRefusal(body: unknown, reason: string): Promise<void> {
    const answer = await http()
      .post('/orders')
      .send(body as object)
      .expect(400);
    expect(answer.body.message).toContainEqual(expect.stringContaining(reason));
    expect((await http().get('/orders')).body).toEqual([]);
    expect(events.published).toEqual([]);
  }
});
