import { jest } from '@jest/globals';
import { notificationSentChannel, type OrderStatus } from '@libs/shop-events';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { EventBusPublisher, EventBusStatus } from 'nestjs-redis-event-bus';
import { EventBusFaults, EventBusTestingModule, EventRecorder } from 'nestjs-redis-event-bus/testing';
import request from 'supertest';
import { AppModule } from './app.module.js';
import type { Notification } from './notifications/notification.js';
import { NotificationSender } from './notifications/notification.sender.js';
import { NotificationStore } from './notifications/notification.store.js';
import { OrderReconciler } from './notifications/order.reconciler.js';
import { OrdersReader } from './notifications/orders.reader.js';

describe('the notifications app', () => {
  let app: INestApplication;
  let events: EventRecorder;
  let publisher: EventBusPublisher;
  const send = jest.fn<NotificationSender['send']>();
  const changedAfter = jest.fn<OrdersReader['changedAfter']>();

  beforeEach(async () => {
    send.mockReset().mockResolvedValue(undefined);
    changedAfter.mockReset().mockResolvedValue(undefined);
    const testing = await Test.createTestingModule({
      imports: [AppModule.forRoot(), EventBusTestingModule.forRoot()],
    })
      .overrideProvider(NotificationSender)
      .useValue({ send })
      .overrideProvider(OrdersReader)
      .useValue({ changedAfter })
      .compile();
    app = testing.createNestApplication({ logger: false });
    await app.init();
    events = app.get(EventRecorder);
    publisher = app.get(EventBusPublisher);
  });

  afterEach(() => app.close());

  const http = () => request(app.getHttpServer());
  const order = (status: string) => ({ id: 'o1', customerId: 'ada', status });
  const publish = async (status: string, payload: unknown = order(status)) => {
    await publisher.publish(`orders:${status}`, payload);
    await events.settled();
  };
  const listed = async () =>
    (await http().get('/notifications?customerId=ada').expect(200)).body as Notification[];

  it('tells the customer once for each status, newest last', async () => {
    for (const status of ['created', 'paid', 'paid', 'shipped', 'created']) await publish(status);
    expect((await listed()).map(({ status }) => status)).toEqual(['created', 'paid', 'shipped']);
    expect(send).toHaveBeenCalledTimes(3);
  });

  it('serves the metrics of its bus', async () => {
    await publish('created');
    const { text } = await http()
      .get('/metrics')
      .expect(200)
      .expect('content-type', /^text\/plain; version=0\.0\.4/);
    expect(text).toMatch(/^event_bus_handled_total\{.*handler="OrderNotifier\.\w+".*outcome="ok"\} 1$/m);
  });

  it('tells once when the same event comes twice at the same time', async () => {
    await Promise.all([publish('created'), publish('created')]);
    expect(await listed()).toHaveLength(1);
  });

  it('publishes what it sent on the channel of the customer', async () => {
    await publish('created');
    const [notification] = await listed();
    expect(notification).toMatchObject({
      orderId: 'o1',
      customerId: 'ada',
      status: 'created',
      text: expect.any(String),
    });
    expect(events.published.at(-1)).toMatchObject({
      channel: notificationSentChannel('ada'),
      payload: notification,
    });
  });

  it.each<[string, unknown]>([
    ['no order', 'hello'],
    ['null', null],
    ['an order without a customer', { id: 'o1', status: 'created' }],
    ['a customer that would change the channel', { ...order('created'), customerId: 'a:b' }],
    ['an unknown status', order('eaten')],
  ])('turns away %s, and goes on', async (_what, payload) => {
    await publish('created', payload);
    await publish('paid');
    expect((await listed()).map(({ status }) => status)).toEqual(['paid']);
    expect(send).toHaveBeenCalledTimes(1);
  });

  it('tries again when sending has failed', async () => {
    send.mockRejectedValueOnce(new Error('The mail gateway is down'));
    await publish('created');
    expect(await listed()).toHaveLength(1);
    expect(send).toHaveBeenCalledTimes(2);
  });

  it('tells when the event comes again after sending has failed for the last time', async () => {
    send.mockRejectedValue(new Error('The mail gateway is down'));
    await publish('created');
    expect(await listed()).toEqual([]);
    send.mockResolvedValue(undefined);
    await publish('created');
    expect(await listed()).toHaveLength(1);
  });

  it('tells of what came before, when an event says that it did not hear of it', async () => {
    const at = new Date().toISOString();
    const history = ['created', 'paid', 'shipped'].map((status) => ({ status, at }));
    await publish('shipped', { ...order('shipped'), history });
    expect((await listed()).map(({ status }) => status)).toEqual(['created', 'paid', 'shipped']);
  });

  describe('after a gap', () => {
    const gap = { reason: 'connection-lost', targets: ['orders:*'], fromMs: 0, toMs: 1, missed: 1 } as const;
    const changed = (id: string, ...statuses: OrderStatus[]) => ({
      id,
      customerId: 'ada',
      status: statuses.at(-1)!,
      history: statuses.map((status) => ({ status, at: new Date().toISOString() })),
    });
    const reconcile = () => app.get(OrderReconciler).reconcile(gap);
    const told = async () => (await listed()).map(({ id }) => id);

    it('reads what changed while the link was down', async () => {
      const reconciled = jest.spyOn(app.get(NotificationStore), 'saveReconciledTo');
      const faults = app.get(EventBusFaults);
      await faults.disconnect();
      changedAfter.mockResolvedValueOnce({ orders: [changed('o1', 'created')], position: 7 });
      const done = new Promise<void>((resolve) => reconciled.mockImplementation(async () => resolve()));
      await faults.endAll();
      await done;
      expect(await told()).toEqual(['o1:created']);
    });

    it('tells of every status that an order reached meanwhile, and of none again', async () => {
      await publish('created');
      changedAfter.mockResolvedValueOnce({
        orders: [changed('o1', 'created', 'paid', 'shipped')],
        position: 7,
      });
      await reconcile();
      expect(await told()).toEqual(['o1:created', 'o1:paid', 'o1:shipped']);
      expect(send).toHaveBeenCalledTimes(3);
    });

    it('reads on where it has stopped, page by page', async () => {
      changedAfter
        .mockReset()
        .mockResolvedValueOnce({ orders: [changed('o1', 'created')], position: 7 })
        .mockResolvedValueOnce({ orders: [changed('o2', 'created')], position: 9 })
        .mockResolvedValue(undefined);
      await reconcile();
      await reconcile();
      expect(changedAfter.mock.calls.map(([position]) => position)).toEqual([0, 7, 9, 9]);
      expect(await told()).toEqual(['o1:created', 'o2:created']);
    });

    it('reads a page again when not all of it could be told', async () => {
      const page = { orders: [changed('o1', 'created'), changed('o2', 'created')], position: 7 };
      changedAfter
        .mockReset()
        .mockResolvedValueOnce(page)
        .mockResolvedValueOnce(page)
        .mockResolvedValue(undefined);
      send.mockRejectedValueOnce(new Error('The mail gateway is down'));
      await reconcile();
      expect(changedAfter.mock.calls.map(([position]) => position)).toEqual([0, 0, 7]);
      expect((await told()).sort()).toEqual(['o1:created', 'o2:created']);
    });

    it('stops trying when the app shuts down', async () => {
      changedAfter.mockReset().mockRejectedValue(new Error('Redis is away'));
      const reconciling = reconcile();
      await app.close();
      await expect(reconciling).resolves.toBeUndefined();
      expect(await app.get(NotificationStore).reconciledTo()).toBe(0);
    });
  });

  it('reconciles at its start', () => {
    expect(changedAfter).toHaveBeenCalledWith(0, expect.any(Number));
  });

  it('keeps the notification when its own event cannot be published', async () => {
    const publishNews = publisher.publish.bind(publisher);
    jest
      .spyOn(publisher, 'publish')
      .mockImplementation((channel, ...rest) =>
        channel.startsWith('notifications:')
          ? Promise.reject(new Error('no link'))
          : publishNews(channel, ...rest),
      );
    await publish('created');
    expect(await listed()).toHaveLength(1);
  });

  it('lists nothing for a customer it never heard of', async () => {
    await http().get('/notifications?customerId=bob').expect(200, []);
  });

  it.each([
    ['', 'customerId: is required'],
    ['?customerId=', 'customerId: must be 1 to 64 letters'],
    ['?customerId=a&customerId=b', 'customerId: must be a string'],
  ])('refuses the query %j with 400 and the reason', async (query, reason) => {
    const { body } = await http().get(`/notifications${query}`).expect(400);
    expect(body.message).toEqual([expect.stringContaining(reason)]);
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
});
