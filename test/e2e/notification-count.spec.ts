import { jest } from '@jest/globals';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { redis as redisTransport } from 'nestjs-redis-event-bus';
import { EventBusClient } from 'nestjs-redis-event-bus/microservices';
import { firstValueFrom, type Observable } from 'rxjs';
import { RedisServer } from '../support/redis.server.js';
import { placeOrder, RunningApp, untilNotified } from './support/shop.js';

jest.setTimeout(60_000);

/** Nest types the states of its clients each for itself. */
type Client = Pick<EventBusClient, 'close'> & { send(pattern: string, data: object): Observable<unknown> };

describe('the hybrid notifications app', () => {
  let redis: RedisServer;
  let orders: RunningApp;
  let notifications: RunningApp;
  let client: Client | undefined;

  beforeAll(async () => {
    redis = await RedisServer.start();
    const environment = { REDIS_URL: redis.url };
    [orders, notifications] = await Promise.all([
      RunningApp.start('orders', environment),
      RunningApp.start('notifications', environment),
    ]);
  });

  afterEach(() => client?.close());

  afterAll(async () => {
    await Promise.all([orders?.process.stop(), notifications?.process.stop()]);
    await redis?.stop();
  });

  it.each<[string, () => Client]>([
    [
      "Nest's own client",
      () =>
        ClientProxyFactory.create({
          transport: Transport.REDIS,
          options: { host: '127.0.0.1', port: redis.port },
        }),
    ],
    ['EventBusClient', () => new EventBusClient({ transport: redisTransport({ url: redis.url }) })],
  ])('tells %s how many notifications it sent', async (name, createClient) => {
    const asking = createClient();
    client = asking;
    const count = (request: object) => firstValueFrom(asking.send('notifications.count', request));
    const before = Number(await count({}));
    const customerId = name.replace(/\W/g, '');
    await placeOrder(orders, customerId);
    await untilNotified(notifications, customerId, 1);

    expect(await count({ customerId })).toBe(1);
    expect(await count({})).toBe(before + 1);
    await expect(count({ customerId: 'a:b' })).rejects.toMatchObject({
      statusCode: 400,
      message: [expect.stringContaining('customerId: must be 1 to 64 letters')],
    });
  });

  it('ends with 0, and does not answer any more', async () => {
    expect(await notifications.process.stop()).toEqual({ code: 0, signal: null });
    const asking = new EventBusClient({ transport: redisTransport({ url: redis.url }) });
    client = asking;
    await expect(firstValueFrom(asking.send('notifications.count', {}))).rejects.toMatchObject({
      code: 'EVENT_BUS_NO_RESPONDERS',
    });
  });
});
