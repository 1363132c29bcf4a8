import { randomInt } from 'node:crypto';
import { jest } from '@jest/globals';
import type { Notification } from '../../apps/notifications/src/notifications/notification.js';
import type { ReachedStatus } from '../../libs/shop-events/src/index.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.server.js';
import { TcpProxy } from '../support/tcp.proxy.js';
import { DeafListener } from './support/deaf.listener.js';
import { drawLinkMoments, type LinkTrouble } from './support/link.moments.js';
import { SeededRandom } from './support/seeded.random.js';
import { RunningApp } from './support/shop.js';
import { ShopTraffic } from './support/shop.traffic.js';

jest.setTimeout(240_000);

const seed = Number(process.env['RECONCILE_SEED'] ?? randomInt(2 ** 31));

describe(`notifications on a link that breaks 20 times while orders arrive (RECONCILE_SEED=${seed})`, () => {
  const random = new SeededRandom(seed);
  const moments = drawLinkMoments(random);
  /** Those that ran, the killed ones, and the one that runs. */
  const instances: RunningApp[] = [];
  const killed = new Set<RunningApp>();
  let redis: RedisServer;
  let proxy: TcpProxy;
  let orders: RunningApp;
  let traffic: ShopTraffic;
  let control: DeafListener;
  let heardByControl: ReadonlySet<string>;
  /** What the orders service has stored. */
  let changes: string[];

  beforeAll(async () => {
    redis = await RedisServer.start();
    proxy = await TcpProxy.start({ targetPort: redis.port });
    orders = await RunningApp.start('orders', { REDIS_URL: redis.url });
    control = await DeafListener.start(linkUrl());
    await startNotifications();
    traffic = new ShopTraffic(orders, random);
    for (const moment of moments) {
      if (moment.isSettled) await untilTold(traffic.changes.length);
      await traffic.run(moment.changesBefore);
      await runInto(moment.trouble, traffic.run(moment.changesMeanwhile));
      if (moment.restart) await restart(moment.restart, moment.changesMeanwhile);
      await untilReady();
    }
    changes = await storedChanges();
    heardByControl = await control.heard((channel) => redis.cli('PUBLISH', channel, '{}'));
    // The tests say better than this what is missing then.
    await untilTold(changes.length).catch(() => undefined);
  });

  afterAll(async () => {
    const processes = [orders, ...instances].filter(Boolean).map((app) => app.process.stop());
    await Promise.all([control?.stop(), ...processes]);
    await proxy?.stop();
    await redis?.stop();
  });

  it('has the changes in the store that were answered with success', () => {
    expect(changes.toSorted()).toEqual(traffic.changes.toSorted());
    expect(moments).toHaveLength(20);
  });

  it('tells of every order and status exactly once, as HTTP says', async () => {
    const told = [];
    for (let customer = 1; customer <= 5; customer += 1) {
      const { body } = await notifications().get(`/notifications?customerId=customer-${customer}`);
      told.push(...(body as Notification[]).map(({ id }) => id));
    }
    expect(told.sort()).toEqual(changes.toSorted());
  });

  it('tells of every order and status exactly once, as the store says when it has ended', async () => {
    expect(await notifications().process.stop()).toEqual({ code: 0, signal: null });
    const told = await storedNotifications();
    expect(told.toSorted()).toEqual(changes.toSorted());
    expect(await redis.cli('GET', '{notifications}:count')).toBe(String(changes.length));
    expect(byOrder(told)).toEqual(byOrder(changes));
  });

  it('sends twice only what it was sending when it was killed', () => {
    const isSent = (app: RunningApp, id: string) => app.process.output.includes(`notification=${id})`);
    const sent = changes.map((id) => ({ id, by: instances.filter((app) => isSent(app, id)) }));
    expect(sent.filter(({ by }) => by.length === 0)).toEqual([]);
    const twice = sent.filter(({ by }) => by.slice(0, -1).some((app) => !killed.has(app)));
    expect(twice.map(({ id }) => id)).toEqual([]);
    for (const { process } of instances) {
      const ids = [...process.output.matchAll(/notification=(\S+)\)$/gm)].map(([, id]) => id);
      expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    }
  });

  it('has told of what it missed after gaps, not only when it started', () => {
    const log = instances.map(({ process }) => process.output).join('');
    const told = [...log.matchAll(/Reconciled \(cause=connection-lost sent=(\d+)\)/g)].map(([, n]) =>
      Number(n),
    );
    expect(told.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
  });

  it('would have left orders untold without: the control, which does not reconcile, missed some', () => {
    expect(changes.filter((change) => !heardByControl.has(change)).length).toBeGreaterThan(0);
    expect([...heardByControl].filter((change) => !changes.includes(change))).toEqual([]);
  });

  function linkUrl(): string {
    return `redis://127.0.0.1:${proxy.port}`;
  }

  function notifications(): RunningApp {
    return instances.at(-1)!;
  }

  async function startNotifications(): Promise<void> {
    // Slow enough to be killed in the middle of it.
    const environment = { REDIS_URL: linkUrl(), NOTIFY_DELAY_MS: '20' };
    instances.push(await RunningApp.start('notifications', environment));
  }

  async function restart(signal: 'SIGTERM' | 'SIGKILL', changesMeanwhile: number): Promise<void> {
    const app = notifications();
    if (signal === 'SIGKILL') killed.add(app);
    const going = traffic.run(changesMeanwhile);
    app.process.signal(signal);
    await app.process.exited;
    await going;
    await startNotifications();
    await notifications().process.prints(/Reconciled \(cause=start/);
  }

  /** Resolves when it is over, and orders have changed meanwhile. */
  async function runInto(trouble: LinkTrouble, changing: Promise<void>): Promise<void> {
    if (trouble === 'half-open') {
      proxy.pause();
      await changing;
      await eventually(
        async () => {
          expect(await notifications().get('/health')).toMatchObject({ status: 503 });
          expect(control.isReady).toBe(false);
        },
        { timeoutMs: 20_000 },
      );
      proxy.cut();
      proxy.resume();
      return;
    }
    if (trouble === 'refused') await proxy.refuse();
    proxy.cut();
    await changing;
    await proxy.accept();
  }

  async function untilReady(): Promise<void> {
    await eventually(
      async () => {
        expect(await notifications().get('/health')).toMatchObject({ status: 200 });
        expect(control.isReady).toBe(true);
      },
      { timeoutMs: 20_000 },
    );
  }

  /** Resolves when there are so many notifications. */
  async function untilTold(count: number): Promise<void> {
    await eventually(
      async () => expect(Number(await redis.cli('GET', '{notifications}:count'))).toBe(count),
      {
        timeoutMs: 30_000,
      },
    );
  }

  /** `<order>:<status>`, those of an order in the order in which they came. */
  async function storedChanges(): Promise<string[]> {
    const ids = (await redis.cli('ZRANGE', '{orders}:by-age', 0, -1)) as string[];
    const stored = await Promise.all(
      ids.map(async (id) => {
        const history = JSON.parse((await redis.cli('HGET', `{orders}:order:${id}`, 'history')) as string);
        return (history as ReachedStatus[]).map(({ status }) => `${id}:${status}`);
      }),
    );
    return stored.flat();
  }

  async function storedNotifications(): Promise<string[]> {
    const keys = (await redis.cli('KEYS', '{notifications}:customer:*')) as string[];
    const lists = await Promise.all(keys.map((key) => redis.cli('LRANGE', key, 0, -1)));
    return (lists as string[][]).flat().map((text) => (JSON.parse(text) as Notification).id);
  }
});

function byOrder(ids: readonly string[]): Record<string, string[]> {
  const orders: Record<string, string[]> = {};
  for (const id of ids) (orders[id.split(':')[0]!] ??= []).push(id);
  return orders;
}
