import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { redis as redisTransport } from 'nestjs-redis-event-bus';
import { EventBusClient } from 'nestjs-redis-event-bus/microservices';
import { firstValueFrom } from 'rxjs';
import { RedisNotificationStore } from '../../apps/notifications/src/notifications/redis-notification.store.js';
import { openRedis } from '../../libs/shop-events/src/index.js';
import type { AclUser } from '../support/acl.document.js';
import { aclUsers, grantsOf } from '../support/acl.document.js';
import { AclWatch, denialFor } from '../support/acl.watch.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.server.js';
import { placeOrder, RunningApp, teapots, untilNotified } from './support/shop.js';

jest.setTimeout(60_000);

/** The apps look for what is left, and their buses send heartbeats, every 2 s. */
const WITHIN = { timeoutMs: 15_000, intervalMs: 20 };

/** What an app needs to reconcile after a gap. */
const RECONCILING = /^%R|zrangebyscore|hmget/;
/** That, and what a bus needs to come back. The other rules are needed call by call. */
const AFTER_LOSS = /^&|subscribe|info|^%R|zrangebyscore|hmget/;

const users = aclUsers('apps');
let redis: RedisServer;
let watch: AclWatch;
let orders: RunningApp;
let notifications: RunningApp;
let client: EventBusClient;
/** As the notifications app opens it. */
let store: RedisNotificationStore;

beforeAll(async () => {
  Logger.overrideLogger(false);
  // Where ioredis may not ask INFO, it tells the console.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  // The default user has a password that no app knows.
  redis = await RedisServer.start({ password: randomUUID() });
  watch = new AclWatch([redis]);
  for (const user of users.values()) await watch.allow(user);
  orders = await RunningApp.start('orders', { REDIS_URL: urlOf('orders-app') });
  notifications = await startNotifications();
  client = new EventBusClient({ transport: redisTransport({ url: redis.url }) });
  store = new RedisNotificationStore(
    await openRedis({ kind: 'server', url: urlOf('notifications-app') }),
    60_000,
  );
});

afterAll(async () => {
  await client?.close();
  store?.onApplicationShutdown();
  await Promise.all([orders, notifications].map((app) => app?.process.stop()));
  await redis?.stop();
});

describe('the sample apps under the ACL lines of docs/security.md', () => {
  it('do all that they do, from an order to its notification and a reconciliation after a gap, and nothing is denied', async () => {
    await watch.forget();
    const customerId = randomUUID();
    const order = await placeOrder(orders, customerId);
    expect((await orders.post(`/orders/${order.id}/pay`)).status).toBe(200);
    await untilNotified(notifications, customerId, 2);
    expect((await orders.get(`/orders/${order.id}`)).status).toBe(200);
    expect((await orders.get('/orders')).status).toBe(200);
    expect(await firstValueFrom(client.send('notifications.count', { customerId }))).toBe(2);
    expect(await firstValueFrom(client.send('notifications.count', {}))).toBe(2);
    await giveUpClaim();
    await cutOff();
    await notifications.process.prints(/Reconciled \(cause=connection-lost/);
    await eventually(async () => expect((await watch.commandsAsked()).has('ping')).toBe(true), WITHIN);
    await untilHealthy();
    expect(await notifications.process.stop()).toEqual({ code: 0, signal: null });
    notifications = await startNotifications();
    expect(await redis.cli('ACL', 'LOG')).toEqual([]);
  });

  const needed = [...users].flatMap(([role, user]) => grantsOf(user).map((rule) => ({ role, rule })));
  it.each(needed)('are denied something, as the $role, without $rule', async ({ role, rule }) => {
    const user = userOf(role);
    const isAfterLoss = AFTER_LOSS.test(rule);
    await watch.allow(user, rule);
    await watch.forget();
    if (rule === '+punsubscribe') {
      // It unsubscribes at its end, and on a live connection alone.
      await notifications.process.stop();
    } else if (isAfterLoss) await cutOff();
    try {
      await eventually(async () => {
        if (rule !== '+punsubscribe') await Promise.allSettled([work(), giveUpClaim()]);
        // After a loss in which nothing was missed there is nothing to reconcile.
        if (RECONCILING.test(rule) && (await isHealthy())) await cutOff();
        expect((await watch.denials(user)).join('\n')).toContain(denialFor(rule));
      }, WITHIN);
    } finally {
      await watch.allow(user);
      if (rule === '+punsubscribe') notifications = await startNotifications();
    }
    // What was denied is tried again with a new connection, or half a minute later.
    if (isAfterLoss) await cutOff();
    await untilHealthy();
  });
});

function userOf(role: string): AclUser {
  return users.get(role)!;
}

function urlOf(role: string): string {
  const { name, password } = userOf(role);
  return `redis://${name}:${password}@127.0.0.1:${redis.port}`;
}

function startNotifications(): Promise<RunningApp> {
  return RunningApp.start('notifications', { REDIS_URL: urlOf('notifications-app') });
}

/** What the apps are for, as far as they get. */
async function work(): Promise<void> {
  const customerId = randomUUID();
  const { body } = await orders.post('/orders', { customerId, items: [teapots] });
  const { id } = body as { id?: string };
  await orders.post(`/orders/${id}/pay`);
  await orders.get(`/orders/${id}`);
  await orders.get('/orders');
  await notifications.get(`/notifications?customerId=${customerId}`);
  for (const request of [{ customerId }, {}]) {
    client.send('notifications.count', request).subscribe({ error: () => undefined });
  }
}

/** As when the mail gateway has failed. */
async function giveUpClaim(): Promise<void> {
  const id = randomUUID();
  await store.claim(id);
  await store.release(id);
}

/** Every connection of both apps is lost. */
async function cutOff(): Promise<void> {
  for (const { name } of users.values()) await redis.cli('CLIENT', 'KILL', 'USER', name);
}

async function isHealthy(): Promise<boolean> {
  const healths = await Promise.allSettled([orders, notifications].map((app) => app.get('/health')));
  return healths.every((health) => health.status === 'fulfilled' && health.value.status === 200);
}

function untilHealthy(): Promise<void> {
  return eventually(async () => expect(await isHealthy()).toBe(true), WITHIN);
}
