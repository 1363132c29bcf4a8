import type { INestApplicationContext, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { EventBusTestingModule } from 'nestjs-redis-event-bus/testing';
import { RedisServer } from '../support/redis.server.js';
import { AppModule as After } from './event-emitter/after/app.module.js';
import { OrdersService as OrdersAfter } from './event-emitter/after/orders.service.js';
import { AppModule as Before } from './event-emitter/before/app.module.js';
import { OrdersService as OrdersBefore } from './event-emitter/before/orders.service.js';
import { diffOf, diffsIn } from './support/guide.js';
import { Journal } from './support/journal.js';

interface Orders<Order = unknown> {
  place(id: string, total: number): Order | Promise<Order>;
  addItem(order: Order): void | Promise<void>;
  cancel(order: Order): void | Promise<void>;
}

const year = new Date().getUTCFullYear();

describe('the app of the guide from @nestjs/event-emitter', () => {
  let server: RedisServer;
  const apps: INestApplicationContext[] = [];

  beforeAll(async () => {
    server = await RedisServer.start();
    process.env['REDIS_URL'] = server.url;
  });

  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
  });

  afterAll(async () => {
    delete process.env['REDIS_URL'];
    await server.stop();
  });

  async function start(...imports: Type[]): Promise<INestApplicationContext> {
    const app = await Test.createTestingModule({ imports }).compile();
    app.useLogger(false);
    apps.push(await app.init());
    return app;
  }

  /** Two orders: one with everything that may happen, and one whose refund fails. */
  async function story<Order>(orders: Orders<Order>): Promise<void> {
    const order = await orders.place('o1', 9);
    await orders.addItem(order);
    await orders.cancel(order);
    await orders.cancel(await orders.place('free', 0));
  }

  /** All handlers of one app: events of different channels run side by side. */
  const told = [
    `thanks for o1 of ${year}`,
    'follows o1', // order.created
    'audits o1',
    'audits o1', // order.item.added
    'refunds o1',
    'follows o1', // order.cancelled
    'audits o1',
    `thanks for free of ${year}`,
    'follows free',
    'audits free',
    'follows free',
    'audits free',
  ].toSorted();

  async function expectTold(app: INestApplicationContext, expected: readonly string[]): Promise<void> {
    const lines = await app.get(Journal).count(expected.length);
    expect(lines.toSorted()).toEqual(expected);
  }

  it.each([
    ['before', () => start(Before), OrdersBefore],
    ['after, in the process', () => start(After, EventBusTestingModule), OrdersAfter],
    ['after, on Redis', () => start(After), OrdersAfter],
  ] as [string, () => Promise<INestApplicationContext>, Type<Orders>][])(
    'does the same %s',
    async (_when, startApp, Service) => {
      const app = await startApp();
      await expectTold(app, ['opened']);
      app.get(Journal).clear();
      await story(app.get(Service));
      await expectTold(app, told);
    },
  );

  it('stays in its process before', async () => {
    const [here, there] = [await start(Before), await start(Before)];
    await story(here.get(OrdersBefore));
    await expectTold(here, ['opened', ...told].toSorted());
    expect(there.get(Journal).items).toEqual(['opened']);
  });

  it('is heard by the other instance after', async () => {
    const here = await start(After);
    await expectTold(here, ['opened']);
    const there = await start(After);
    await expectTold(here, ['opened', 'opened']);
    await expectTold(there, ['opened']);

    await story(here.get(OrdersAfter));
    await expectTold(here, ['opened', 'opened', ...told].toSorted());
    await expectTold(there, ['opened', ...told].toSorted());
  });

  it('differs as the guide shows', () => {
    expect(diffsIn('migrating-from-event-emitter.md').join('\n')).toBe(
      diffOf('event-emitter', 'before', 'after'),
    );
  });
});
