import { MemoryOrderStore } from '../../apps/orders/src/orders/memory-order.store.js';
import type { OrderStore } from '../../apps/orders/src/orders/order.store.js';
import { advance, newOrder } from '../../apps/orders/src/orders/ordering.js';
import { RedisOrderStore } from '../../apps/orders/src/orders/redis-order.store.js';
import { openRedis } from '../../libs/shop-events/src/index.js';
import { RedisCluster } from '../support/redis.cluster.js';
import { RedisServer } from '../support/redis.server.js';

const request = { customerId: 'ada', items: [{ sku: 'Teekännchen "№ 1"', quantity: 3, unitPrice: 29.9 }] };

let redis: RedisServer;
let cluster: RedisCluster;

beforeAll(async () => {
  redis = await RedisServer.start();
  cluster = await RedisCluster.start({ masters: 2, replicasPerMaster: 0 });
});

afterAll(async () => {
  await redis?.stop();
  await cluster?.stopAll();
});

const openServer = () => openRedis({ kind: 'server', url: redis.url });
const openCluster = () =>
  openRedis({
    kind: 'cluster',
    nodes: [{ host: '127.0.0.1', port: cluster.nodes[0]!.server.port }],
    access: {},
  });

describe.each<[string, () => Promise<OrderStore & { onApplicationShutdown?(): void }>]>([
  ['MemoryOrderStore', async () => new MemoryOrderStore()],
  ['RedisOrderStore', async () => new RedisOrderStore(await openServer())],
  ['RedisOrderStore on a Cluster', async () => new RedisOrderStore(await openCluster())],
])('%s', (_name, createStore) => {
  let store: Awaited<ReturnType<typeof createStore>>;

  beforeEach(async () => {
    for (const server of [redis, ...cluster.nodes.map((node) => node.server)]) await server.cli('FLUSHALL');
    store = await createStore();
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

  it('knows which changes are not announced, the oldest first, each as it was', async () => {
    const [first, second] = [newOrder(request), newOrder(request)];
    await store.add(first);
    await store.add(second);
    const paid = advance(first, 'pay');
    await store.replace(first, paid);
    expect(await store.unannounced(10)).toEqual([first, second, paid]);
    expect(await store.unannounced(2)).toEqual([first, second]);
    await store.markAnnounced(first);
    expect(await store.unannounced(10)).toEqual([second, paid]);
  });

  it('has nothing to announce when an order was not replaced', async () => {
    const order = newOrder(request);
    await store.replace(order, advance(order, 'pay'));
    expect(await store.unannounced(10)).toEqual([]);
  });

  it('does not add an order by replacing it', async () => {
    const order = newOrder(request);
    expect(await store.replace(order, advance(order, 'pay'))).toBe(false);
    expect(await store.find(order.id)).toBeUndefined();
  });
});
