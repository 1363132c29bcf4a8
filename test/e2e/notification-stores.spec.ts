import { MemoryNotificationStore } from '../../apps/notifications/src/notifications/memory-notification.store.js';
import {
  type Notification,
  notificationOf,
} from '../../apps/notifications/src/notifications/notification.js';
import type { NotificationStore } from '../../apps/notifications/src/notifications/notification.store.js';
import { RedisNotificationStore } from '../../apps/notifications/src/notifications/redis-notification.store.js';
import { openRedis } from '../../libs/shop-events/src/index.js';
import { RedisCluster } from '../support/redis.cluster.js';
import { RedisServer } from '../support/redis.server.js';

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

describe.each<[string, () => Promise<NotificationStore & { onApplicationShutdown?(): void }>]>([
  ['MemoryNotificationStore', async () => new MemoryNotificationStore()],
  ['RedisNotificationStore', async () => new RedisNotificationStore(await openServer(), 60_000)],
  [
    'RedisNotificationStore on a Cluster',
    async () => new RedisNotificationStore(await openCluster(), 60_000),
  ],
])('%s', (_name, createStore) => {
  let store: Awaited<ReturnType<typeof createStore>>;

  beforeEach(async () => {
    for (const server of [redis, ...cluster.nodes.map((node) => node.server)]) await server.cli('FLUSHALL');
    store = await createStore();
  });

  afterEach(() => store.onApplicationShutdown?.());

  const notification = (id: string, customerId = 'ada'): Notification =>
    notificationOf({ id, customerId, status: 'created' });

  it('gives a claim, and gives it again to the process that has it', async () => {
    expect(await store.claim('o1:created')).toBe('claimed');
    expect(await store.claim('o1:created')).toBe('claimed');
  });

  it('says what was sent', async () => {
    await store.claim('o1:created');
    await store.save(notification('o1'));
    expect(await store.claim('o1:created')).toBe('sent');
  });

  it('does not release what somebody else has sent meanwhile', async () => {
    await store.claim('o1:created');
    await store.save(notification('o1'));
    await store.release('o1:created');
    expect(await store.claim('o1:created')).toBe('sent');
  });

  it('keeps a notification once, however often it is saved', async () => {
    await Promise.all([1, 2, 3].map(() => store.save(notification('o1'))));
    expect(await store.list('ada', 10)).toHaveLength(1);
    expect(await Promise.all([store.count('ada'), store.count()])).toEqual([1, 1]);
  });

  it('knows up to where the orders were reconciled', async () => {
    expect(await store.reconciledTo()).toBe(0);
    await store.saveReconciledTo(1_763_800_000_000_001);
    expect(await store.reconciledTo()).toBe(1_763_800_000_000_001);
  });

  it('lists the latest of a customer, newest last', async () => {
    const sent = ['o1', 'o2', 'o3'].map((id) => notification(id));
    for (const one of sent) await store.save(one);
    await store.save(notification('o4', 'bob'));
    expect(await store.list('ada', 2)).toEqual(sent.slice(1));
    expect(await store.list('eve', 2)).toEqual([]);
  });

  it('counts what was sent, to a customer or to all', async () => {
    expect(await store.count()).toBe(0);
    for (const [id, customerId] of [
      ['o1', 'ada'],
      ['o2', 'ada'],
      ['o3', 'bob'],
    ] as const) {
      await store.claim(`${id}:created`);
      await store.save(notification(id, customerId));
    }
    await store.claim('o4:created');
    expect(await Promise.all([store.count('ada'), store.count('eve'), store.count()])).toEqual([2, 0, 3]);
  });
});

describe('RedisNotificationStore, of several processes', () => {
  const LEASE_MS = 60_000;
  let stores: [RedisNotificationStore, RedisNotificationStore];

  beforeEach(async () => {
    await redis.cli('FLUSHALL');
    stores = [
      new RedisNotificationStore(await openServer(), LEASE_MS),
      new RedisNotificationStore(await openServer(), LEASE_MS),
    ];
  });

  afterEach(() => stores.forEach((store) => store.onApplicationShutdown()));

  it('gives one of them the claim', async () => {
    const claims = await Promise.all(stores.map((store) => store.claim('o1:created')));
    expect(claims.sort()).toEqual(['claimed', 'taken']);
  });

  it('lets others claim what was released, by nobody but who had it', async () => {
    const [owner, other] = stores;
    await owner.claim('o1:created');
    await other.release('o1:created');
    expect(await other.claim('o1:created')).toBe('taken');
    await owner.release('o1:created');
    expect(await other.claim('o1:created')).toBe('claimed');
  });

  it('keeps once what both of them have sent', async () => {
    const sent = notificationOf({ id: 'o1', customerId: 'ada', status: 'created' });
    await Promise.all(stores.map((store) => store.save(sent)));
    expect(await stores[0].list('ada', 10)).toEqual([sent]);
  });

  it('lets the claim of a process that ended expire, but nothing that was sent', async () => {
    const [store] = stores;
    await store.claim('o9:created');
    expect(await redis.cli('PTTL', '{notifications}:notification:o9:created')).toBeGreaterThan(0);
    await store.save(notificationOf({ id: 'o9', customerId: 'ada', status: 'created' }));
    expect(await redis.cli('PTTL', '{notifications}:notification:o9:created')).toBe(-1);
  });
});
