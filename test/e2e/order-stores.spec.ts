import { MemoryOrderStore } from '../../apps/orders/src/orders/memory-order.store.js';
import type { OrderStore } from '../../apps/orders/src/orders/order.store.js';
import { advance, newOrder } from '../../apps/orders/src/orders/ordering.js';
import { RedisOrderStore } from '../../apps/orders/src/orders/redis-order.store.js';
import { RedisServer } from '../support/redis.server.js';

const request = { customerId: 'ada', items: [{ sku: 'Teekännchen "№ 1"', quantity: 3, unitPrice: 29.9 }] };

let redis: RedisServer;

beforeAll(async () => {
  redis = await RedisServer.start();
});

afterAll(() => redis?.stop());

describe.each<[string, () => OrderStore & { onApplicationShutdown?(): void }]>([
  ['MemoryOrderStore', () => new MemoryOrderStore()],
  ['RedisOrderStore', () => new RedisOrderStore(redis.url)],
])('%s', (_name, createStore) => {
  let store: ReturnType<typeof createStore>;

  beforeEach(async () => {
    await redis.cli('FLUSHALL');
    store = createStore();
  });

  afterEach(() => store.onApplicationShutdown?.());

  it('finds an order as it was added', async () => {
    const order = newOrder(request);
    await store.add(order);
    expect(await store.find(order.id)).toEqual(order);
  });

  it('does not find what was never added', async () => {
    expect(await store.find('nope')).toBeUndefined();
    expect(await store.list(10)).toEqual([]);
  });

  it('lists the newest orders, newest first', async () => {
    const orders = [1, 2, 3].map((day) => ({
      ...newOrder(request),
      createdAt: `2026-01-0${day}T00:00:00.000Z`,
    }));
    for (const order of orders) await store.add(order);
    expect(await store.list(2)).toEqual([orders[2], orders[1]]);
  });

  it('replaces an order that nobody has moved on', async () => {
    const order = newOrder(request);
    await store.add(order);
    const paid = advance(order, 'pay');
    expect(await store.replace(order, paid)).toBe(true);
    expect(await store.find(order.id)).toEqual(paid);
  });

  it('lets one of many concurrent replacements succeed', async () => {
    const order = newOrder(request);
    await store.add(order);
    const steps = (['pay', 'cancel', 'pay', 'cancel'] as const).map((step) => advance(order, step));
    const replaced = await Promise.all(steps.map((next) => store.replace(order, next)));
    expect(replaced.filter(Boolean)).toHaveLength(1);
    expect(await store.find(order.id)).toEqual(steps[replaced.indexOf(true)]);
  });

  it('does not add an order by replacing it', async () => {
    const order = newOrder(request);
    expect(await store.replace(order, advance(order, 'pay'))).toBe(false);
    expect(await store.find(order.id)).toBeUndefined();
  });
});
