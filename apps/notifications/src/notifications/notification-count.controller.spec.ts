import { notificationSentChannel } from '@libs/shop-events';
import { ConsoleLogger, type INestApplication } from '@nestjs/common';
import { EventBusPublisher, EventBusSubscriber, memory, memoryBroker } from 'nestjs-redis-event-bus';
import { EventBusClient } from 'nestjs-redis-event-bus/microservices';
import { firstValueFrom } from 'rxjs';
import { startNotificationsApp } from '../notifications.app.js';

describe('notifications.count', () => {
  let app: INestApplication;
  let client: EventBusClient;

  beforeEach(async () => {
    const transport = memory({ broker: memoryBroker() });
    app = await startNotificationsApp(
      { port: 0, host: '127.0.0.1', redis: undefined, notifyDelayMs: 0 },
      { transport, logger: new ConsoleLogger({ logLevels: [] }) },
    );
    client = new EventBusClient({ transport });
  });

  afterEach(async () => {
    await client.close();
    await app.close();
  });

  const count = (request: object) => firstValueFrom(client.send<number>('notifications.count', request));

  /** Resolves when the customer was notified of an order. */
  async function notify(id: string, customerId: string): Promise<void> {
    let announce!: () => void;
    const announced = new Promise<void>((resolve) => (announce = resolve));
    const channel = notificationSentChannel(customerId);
    const subscription = await app.get(EventBusSubscriber).subscribe(channel, () => announce());
    await app.get(EventBusPublisher).publish('orders:created', { id, customerId, status: 'created' });
    await announced;
    await subscription.unsubscribe();
  }

  it('is 0 as long as nobody was notified', async () => {
    expect(await count({})).toBe(0);
  });

  it('counts the notifications of a customer, or all, while events stay CloudEvents', async () => {
    await notify('o1', 'ada');
    await notify('o2', 'ada');
    await notify('o3', 'bob');
    expect(await count({ customerId: 'ada' })).toBe(2);
    expect(await count({ customerId: 'eve' })).toBe(0);
    expect(await count({})).toBe(3);
  });

  it.each([
    [{ customerId: 'a:b' }, 'customerId: must be 1 to 64 letters'],
    [{ customerId: 7 }, 'customerId: must be a string'],
    [['ada'], 'expected object'],
  ])('refuses %j and says why', async (request, reason) => {
    await expect(count(request)).rejects.toMatchObject({
      statusCode: 400,
      message: [expect.stringContaining(reason)],
    });
  });
});
