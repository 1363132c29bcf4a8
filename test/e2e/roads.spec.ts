import { jest } from '@jest/globals';
import type { Order } from '../../libs/shop-events/src/index.js';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis.cluster.js';
import { RedisSentinels } from '../support/redis.sentinels.js';
import type { RedisServer } from '../support/redis.server.js';
import { placeOrder, RunningApp, untilNotified } from './support/shop.js';

jest.setTimeout(120_000);

/** A Redis that has to choose another master takes some seconds over it, and so does who has to find it. */
const SLOWLY = { timeoutMs: 30_000 };

let orders: RunningApp;
let notifications: RunningApp;

async function startApps(url: string): Promise<void> {
  const environment = { REDIS_URL: url };
  [orders, notifications] = await Promise.all([
    RunningApp.start('orders', environment),
    RunningApp.start('notifications', environment),
  ]);
}

async function stopApps(): Promise<void> {
  const exits = await Promise.all([orders, notifications].map((app) => app?.process.stop()));
  expect(exits).toEqual([
    { code: 0, signal: null },
    { code: 0, signal: null },
  ]);
}

/** The customer has no order yet. */
async function place(customerId: string): Promise<Order> {
  const order = await placeOrder(orders, customerId);
  await untilNotified(notifications, customerId, 1, SLOWLY);
  return order;
}

async function expectToGoOn({ id, customerId }: Order): Promise<void> {
  expect(await orders.post(`/orders/${id}/pay`)).toMatchObject({ status: 200, body: { status: 'paid' } });
  const told = await untilNotified(notifications, customerId, 2, SLOWLY);
  expect(told.map(({ orderId, status }) => ({ orderId, status }))).toEqual([
    { orderId: id, status: 'created' },
    { orderId: id, status: 'paid' },
  ]);
  expect((await orders.get('/orders')).body).toContainEqual(
    expect.objectContaining({ id, customerId, status: 'paid' }),
  );
}

function untilHealthy(): Promise<void> {
  return eventually(async () => {
    for (const app of [orders, notifications]) {
      expect(await app.get('/health')).toEqual({ status: 200, body: { status: 'ready' } });
    }
  }, SLOWLY);
}

describe('the sample apps on a Cluster', () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await RedisCluster.start();
    await startApps(cluster.nodeUrls.slice(0, 2).join(','));
  });

  afterAll(async () => {
    await stopApps();
    await cluster?.stopAll();
  });

  it('tell the customer of every step of an order', async () => {
    await expectToGoOn(await place('ada'));
  });

  it('go on when other masters have their keys', async () => {
    const order = await place('bob');
    for (const tag of ['{orders}', '{notifications}']) await cluster.failover(await cluster.ownerOf(tag));
    await expectToGoOn(order);
  });

  it('go on when the master of the orders is killed', async () => {
    const order = await place('eve');
    const master = await cluster.ownerOf('{orders}');
    await cluster.kill(master);
    await cluster.takenOver(master);
    await untilHealthy();
    await expectToGoOn(order);
    await cluster.restart(master);
  });

  it('find all keys of a command at one node', () => {
    for (const { process } of [orders, notifications]) {
      expect(process.output).not.toMatch(/CROSSSLOT|same slot|hash slot/);
    }
  });
});

describe('the sample apps behind Sentinels', () => {
  let sentinels: RedisSentinels;

  beforeAll(async () => {
    sentinels = await RedisSentinels.start();
    const addresses = sentinels.sentinels.map(({ port }) => `127.0.0.1:${port}`);
    await startApps(`redis+sentinel://${addresses.join(',')}/${sentinels.redisOptions.name}`);
  });

  afterAll(async () => {
    await stopApps();
    await sentinels?.stop();
  });

  it('tell the customer of every step of an order', async () => {
    await expectToGoOn(await place('ada'));
  });

  it('go on with the master that is chosen on request', async () => {
    const order = await place('bob');
    await untilReplicated(order);
    const old = await sentinels.master();
    expect(await clientsOf(old)).not.toEqual([]);
    await sentinels.failover();
    // It takes writes for some seconds more, and loses them: see docs/recipes/docker.md.
    await eventually(async () => expect(await clientsOf(old)).toEqual([]), SLOWLY);
    // They left it by themselves, before it was made a replica.
    expect(await old.cli('ROLE')).toContain('master');
    await untilHealthy();
    await expectToGoOn(order);
  });

  it('go on with another master when theirs is killed', async () => {
    const order = await place('eve');
    await untilReplicated(order);
    await sentinels.killMaster();
    await untilHealthy();
    await eventually(
      async () => expect(await orders.get(`/orders/${order.id}`)).toMatchObject({ status: 200 }),
      SLOWLY,
    );
    await expectToGoOn(order);
  });

  /** Redis answers before its replica has what was written, and a master of before is not its replica yet. */
  async function untilReplicated({ id }: Order): Promise<void> {
    const notification = `{notifications}:notification:${id}:created`;
    for (const server of sentinels.servers) {
      await eventually(async () => expect(await server.cli('GET', notification)).toBe('sent'), SLOWLY);
    }
  }

  /** But for the Sentinels and the replicas. */
  async function clientsOf(server: RedisServer): Promise<string[]> {
    const lines = String(await server.cli('CLIENT', 'LIST')).split('\n');
    return lines.filter(
      (line) => / flags=[NP] /.test(line) && !/ name=sentinel-| cmd=client\|list /.test(line),
    );
  }
});
