import { MemoryNotificationStore } from '../../apps/notifications/src/notifications/memory-notification.store.js';
import {
  type Notification,
  notificationOf,
} from '../../apps/notifications/src/notifications/notification.js';
import type { NotificationStore } from '../../apps/notifications/src/notifications/notification.store.js';
import { RedisNotificationStore } from '../../apps/notifications/src/notifications/redis-notification.store.js';
import { RedisServer } from '../support/redis.server.js';

let redis: RedisServer;

beforeAll(async () => {
  redis = await RedisServer.start();
});

afterAll(() => redis?.stop());

describe.each<[string, () => NotificationStore & { onApplicationShutdown?(): void }]>([
  ['MemoryNotificationStore', () => new MemoryNotificationStore()],
  ['RedisNotificationStore', () => new RedisNotificationStore(redis.url)],
])('%s', (_name, createStore) => {
  let store: ReturnType<typeof createStore>;

  beforeEach(async () => {
    await redis.cli('FLUSHALL');
    store = createStore();
  });

  afterEach(() => store.onApplicationShutdown?.());

  const notification = (id: string, customerId = 'ada'): Notification =>
    notificationOf({ id, customerId, status: 'created' });

  it('gives one of many concurrent callers the claim', async () => {
    const claims = await Promise.all(Array.from({ length: 10 }, () => store.claim('o1:created')));
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  it('keeps the claim on what was sent', async () => {
    await store.claim('o1:created');
    await store.save(notification('o1'));
    expect(await store.claim('o1:created')).toBe(false);
  });

  it('lets others claim what was released', async () => {
    await store.claim('o1:created');
    await store.release('o1:created');
    expect(await store.claim('o1:created')).toBe(true);
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

describe('RedisNotificationStore', () => {
  it('lets the claim of a process that ended expire, but nothing that was sent', async () => {
    const store = new RedisNotificationStore(redis.url);
    try {
      await store.claim('o9:created');
      expect(await redis.cli('PTTL', 'notification:o9:created')).toBeGreaterThan(0);
      await store.save(notificationOf({ id: 'o9', customerId: 'ada', status: 'created' }));
      expect(await redis.cli('PTTL', 'notification:o9:created')).toBe(-1);
    } finally {
      store.onApplicationShutdown();
    }
  });
});
