import { Logger } from '@nestjs/common';
import { RedisOrdersReader } from '../../apps/notifications/src/notifications/redis-orders.reader.js';
import { advance, newOrder } from '../../apps/orders/src/orders/ordering.js';
import { RedisOrderStore } from '../../apps/orders/src/orders/redis-order.store.js';
import { openRedis, orderKey, type RedisPlace } from '../../libs/shop-events/src/index.js';
import { RedisServer } from '../support/redis.server.js';

const request = { customerId: 'ada', items: [{ sku: 'teapot', quantity: 1, unitPrice: 29.9 }] };

describe('RedisOrdersReader', () => {
  let redis: RedisServer;
  let store: RedisOrderStore;
  let reader: RedisOrdersReader;

  beforeAll(async () => {
    redis = await RedisServer.start();
    const place: RedisPlace = { kind: 'server', url: redis.url };
    store = new RedisOrderStore(await openRedis(place));
    reader = new RedisOrdersReader(await openRedis(place));
  });

  beforeEach(() => redis.cli('FLUSHALL'));

  afterAll(async () => {
    store?.onApplicationShutdown();
    reader?.onApplicationShutdown();
    await redis?.stop();
  });

  async function place() {
    const order = newOrder(request);
    await store.add(order);
    return order;
  }

  const news = ({ id, customerId, status, history }: ReturnType<typeof newOrder>) => ({
    id,
    customerId,
    status,
    history,
  });

  it('finds nothing where there are no orders', async () => {
    expect(await reader.changedAfter(0, 10)).toBeUndefined();
  });

  it('reads all orders page by page, each with every status it reached', async () => {
    const [first, second, third] = [await place(), await place(), await place()];
    const paid = advance(first, 'pay');
    await store.replace(first, paid);

    const page = await reader.changedAfter(0, 2);
    expect(page?.orders).toEqual([second, third].map(news));
    const next = await reader.changedAfter(page!.position, 2);
    expect(next?.orders).toEqual([news(paid)]);
    expect(await reader.changedAfter(next!.position, 2)).toBeUndefined();
  });

  it('finds what changes after it has read everything', async () => {
    const order = await place();
    const { position } = (await reader.changedAfter(0, 10))!;
    const cancelled = advance(order, 'cancel');
    await store.replace(order, cancelled);
    expect((await reader.changedAfter(position, 10))?.orders).toEqual([news(cancelled)]);
  });

  it('never sees two changes at the same position, also of orders stored at once', async () => {
    const orders = await Promise.all(Array.from({ length: 200 }, place));
    const seen: string[] = [];
    for (let position = 0; ;) {
      const page = await reader.changedAfter(position, 7);
      if (page === undefined) break;
      expect(page.position).toBeGreaterThan(position);
      position = page.position;
      seen.push(...page.orders.map(({ id }) => id));
    }
    expect(seen.sort()).toEqual(orders.map(({ id }) => id).sort());
  });

  it('goes on behind an order that cannot be read', async () => {
    Logger.overrideLogger(false);
    const [broken, whole] = [await place(), await place()];
    await redis.cli('HSET', orderKey(broken.id), 'history', 'not JSON');
    const page = await reader.changedAfter(0, 10);
    expect(page?.orders).toEqual([news(whole)]);
    expect(await reader.changedAfter(page!.position, 10)).toBeUndefined();
  });
});
