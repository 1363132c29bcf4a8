import {
  Controller,
  type INestApplicationContext,
  type INestMicroservice,
  Module,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload } from '@nestjs/microservices';
import { EventBusModule, OnEvent, redis } from 'nestjs-redis-event-bus';
import { EventBusServer } from 'nestjs-redis-event-bus/microservices';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.server.js';
import { diffOf, diffsIn } from './support/guide.js';
import { Journal } from './support/journal.js';
import { startBilling as billingAfter } from './transport-redis/after/billing.app.js';
import { ShopModule as ShopAfter } from './transport-redis/after/shop.module.js';
import { ShopService as ShopServiceAfter } from './transport-redis/after/shop.service.js';
import { startBilling as billingBefore } from './transport-redis/before/billing.app.js';
import { ShopModule as ShopBefore } from './transport-redis/before/shop.module.js';
import { ShopService as ShopServiceBefore } from './transport-redis/before/shop.service.js';
import { startBilling as billingWithEvents } from './transport-redis/events/billing.app.js';
import { connection } from './transport-redis/events/connection.js';
import { type Order, OrderCreated } from './transport-redis/events/order.js';
import { ShopModule as ShopWithEvents } from './transport-redis/events/shop.module.js';
import { ShopService as ShopServiceWithEvents } from './transport-redis/events/shop.service.js';

interface Shop {
  place(order: Order): Promise<void>;
  bill(id: string): Promise<Order>;
}

describe('the app of the guide from Transport.REDIS', () => {
  const order = { id: 'o1', total: 9 };
  let server: RedisServer;
  const apps: INestApplicationContext[] = [];

  beforeAll(async () => {
    server = await RedisServer.start();
    process.env['REDIS_PORT'] = String(server.port);
  });

  afterEach(async () => {
    for (const app of apps.splice(0).reverse()) await app.close();
  });

  afterAll(async () => {
    delete process.env['REDIS_PORT'];
    await server.stop();
  });

  async function startBilling(start: () => Promise<INestMicroservice>): Promise<Journal> {
    const app = await start();
    apps.push(app);
    return app.get(Journal);
  }

  /** Nest's own server resolves before Redis has subscribed it. */
  const billingIsSubscribed = () =>
    eventually(async () => expect(await server.cli('PUBSUB', 'NUMPAT')).toBe(2));

  async function openShop<S extends Shop>(module: Type, service: Type<S>): Promise<S> {
    const app = await NestFactory.createApplicationContext(module, { logger: false });
    apps.push(app);
    return app.get(service);
  }

  async function expectStory(shop: Shop, journal: Journal): Promise<void> {
    await shop.place(order);
    expect(await journal.count(1)).toEqual(['bills o1']);
    expect(await shop.bill('o1')).toEqual(order);
    await expect(shop.bill('o2')).rejects.toEqual({ status: 'error', message: 'bills.find: no bill for o2' });
  }

  it.each<[string, Type, Type<Shop>]>([
    ['before', ShopBefore, ShopServiceBefore],
    ['after', ShopAfter, ShopServiceAfter],
  ])('serves the shop of %s with billing of before', async (_version, module, service) => {
    const journal = await startBilling(billingBefore);
    await billingIsSubscribed();
    await expectStory(await openShop(module, service), journal);
  });

  it.each<[string, Type, Type<Shop>]>([
    ['before', ShopBefore, ShopServiceBefore],
    ['after', ShopAfter, ShopServiceAfter],
  ])(
    'serves the shop of %s with billing of after, as soon as that listens',
    async (_version, module, service) => {
      const shop = await openShop(module, service);
      const journal = await startBilling(billingAfter);
      await expectStory(shop, journal);
    },
  );

  it('says at once that nobody answers, after', async () => {
    const shop = await openShop(ShopAfter, ShopServiceAfter);
    await expect(shop.bill('o1')).rejects.toMatchObject({ code: 'EVENT_BUS_NO_RESPONDERS' });
  });

  it('carries events as plain JSON and checks them, with step 2', async () => {
    const journal = await startBilling(billingWithEvents);
    const shop = await openShop(ShopWithEvents, ShopServiceWithEvents);
    await expectStory(shop, journal);
    await expect(shop.place({ id: 'o3' } as Order)).rejects.toMatchObject({
      code: 'EVENT_BUS_PAYLOAD_INVALID',
    });

    await server.cli('PUBLISH', 'orders:created', '{"id":"foreign"}');
    await server.cli('PUBLISH', 'orders:created', '{"id":"o4","total":1}');
    expect(await journal.count(2)).toEqual(['bills o1', 'bills o4']);
  });

  @Controller()
  class Both {
    constructor(private readonly journal: Journal) {}

    @EventPattern('order.*')
    @OnEvent(OrderCreated)
    bill(@Payload() { id, total }: Order): void {
      this.journal.push(`${id} ${total}`);
    }
  }

  @Module({
    imports: [EventBusModule.forRootAsync({ useFactory: () => ({ transport: redis(connection()) }) })],
    controllers: [Both],
    providers: [Journal],
  })
  class BothModule {}

  it('hears the shops of both steps with both decorators', async () => {
    const journal = await startBilling(async () => {
      const strategy = new EventBusServer({ transport: redis(connection()) });
      const app = await NestFactory.createMicroservice(BothModule, { logger: false, strategy });
      await app.listen();
      return app;
    });
    const shops = [
      await openShop(ShopBefore, ShopServiceBefore),
      await openShop(ShopAfter, ShopServiceAfter),
      await openShop(ShopWithEvents, ShopServiceWithEvents),
    ];
    for (const [index, shop] of shops.entries()) await shop.place({ id: `o${index}`, total: index });
    expect((await journal.count(3)).toSorted()).toEqual(['o0 0', 'o1 1', 'o2 2']);
  });

  it('differs as the guide shows', () => {
    expect(diffsIn('migrating-from-transport-redis.md')).toEqual([
      diffOf('transport-redis', 'before', 'after'),
      diffOf('transport-redis', 'after', 'events'),
    ]);
  });
});
