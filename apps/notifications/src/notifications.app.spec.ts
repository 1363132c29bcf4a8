import { jest } from '@jest/globals';
import { notificationSentChannel } from '@libs/shop-events';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { EventBusPublisher, EventBusStatus } from 'nestjs-redis-event-bus';
import { EventBusTestingModule, EventRecorder } from 'nestjs-redis-event-bus/testing';
import request from 'supertest';
import { AppModule } from './app.module.js';
import type { Notification } from './notifications/notification.js';
import { NotificationSender } from './notifications/notification.sender.js';

describe('the notifications app', () => {
  let app: INestApplication;
  let events: EventRecorder;
  let publisher: EventBusPublisher;
  const send = jest.fn<NotificationSender['send']>();

  beforeEach(async () => {
    send.mockReset().mockResolvedValue(undefined);
    const testing = await Test.createTestingModule({
      imports: [AppModule.forRoot(), EventBusTestingModule.forRoot()],
    })
      .overrideProvider(NotificationSender)
      .useValue({ send })
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

  it('tries again when the event comes again after sending has failed', async () => {
    send.mockRejectedValueOnce(new Error('The mail gateway is down'));
    await publish('created');
    expect(await listed()).toEqual([]);
    await publish('created');
    expect(await listed()).toHaveLength(1);
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
});
