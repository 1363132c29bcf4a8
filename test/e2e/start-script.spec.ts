import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { freePort } from '../support/free.port.js';
import { RedisServer } from '../support/redis.server.js';
import { runCommands } from '../support/resp.client.js';
import { NodeProcess } from './support/node.process.js';
import { placeOrder, RunningApp, untilNotified } from './support/shop.js';

jest.setTimeout(60_000);

const answers = (port: number) =>
  runCommands(port, [['PING']]).then(
    () => true,
    () => false,
  );

/** `npm start` prefers a Redis on the usual port, which is not ours to start or stop. */
const itWithoutUsualRedis = (await answers(6379)) ? it.skip : it;

describe('npm start', () => {
  const started: NodeProcess[] = [];

  afterEach(async () => {
    await Promise.all(started.splice(0).map((process) => process.stop()));
  });

  async function start(environment: Record<string, string>) {
    const ports = { orders: await freePort(), notifications: await freePort(), console: await freePort() };
    const process = NodeProcess.start('scripts/start.mjs', {
      ORDERS_PORT: String(ports.orders),
      NOTIFICATIONS_PORT: String(ports.notifications),
      CONSOLE_PORT: String(ports.console),
      ...environment,
    });
    started.push(process);
    return { process, ports };
  }

  type Started = Awaited<ReturnType<typeof start>>;

  async function expectToWork({ process, ports }: Started): Promise<void> {
    await process.prints(/^Ready: /m);
    const orders = RunningApp.at(process, ports.orders);
    const notifications = RunningApp.at(process, ports.notifications);
    const { id } = await placeOrder(orders, 'ada');
    expect(await orders.post(`/orders/${id}/pay`)).toMatchObject({ status: 200 });
    await untilNotified(notifications, 'ada', 2);
    const [, page] = await process.prints(/^Ready: see the events at (\S+)$/m);
    expect(await (await fetch(String(page))).text()).toContain('<title>Event bus</title>');
  }

  async function expectToEnd({ process, ports }: Started, signal: NodeJS.Signals): Promise<void> {
    process.signal(signal);
    expect(await process.exited).toEqual({ code: 0, signal: null });
    await expect(fetch(`http://127.0.0.1:${ports.orders}/health`)).rejects.toThrow('fetch failed');
    await expect(fetch(`http://127.0.0.1:${ports.notifications}/health`)).rejects.toThrow('fetch failed');
  }

  it('uses the Redis of REDIS_URL, and leaves it running', async () => {
    const redis = await RedisServer.start({ password: 'not-to-be-printed' });
    try {
      const shop = await start({ REDIS_URL: redis.url });
      await expectToWork(shop);
      expect(shop.process.output).toMatch(/^Using Redis of REDIS_URL/m);
      expect(shop.process.output).not.toContain('not-to-be-printed');
      expect(shop.process.output).toMatch(/^\[orders\] .*Listening/m);
      expect(shop.process.output).toMatch(/^\[notifications\] .*Listening/m);
      await expectToEnd(shop, 'SIGTERM');
      expect(await redis.cli('PING')).toBe('PONG');
    } finally {
      await redis.stop();
    }
  });

  itWithoutUsualRedis('starts a redis-server of its own, and stops it', async () => {
    const shop = await start({});
    await expectToWork(shop);
    const [, port] = await shop.process.prints(
      /^Using Redis started for this run at redis:\/\/127\.0\.0\.1:(\d+)/m,
    );
    expect(await answers(Number(port))).toBe(true);
    await expectToEnd(shop, 'SIGINT');
    expect(await answers(Number(port))).toBe(false);
  });

  itWithoutUsualRedis('runs all apps in one process where there is no redis-server', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'path-without-redis-'));
    try {
      await symlink('/bin/sh', join(directory, 'sh'));
      const shop = await start({ PATH: directory });
      await expectToWork(shop);
      expect(shop.process.output).toMatch(/^Using no Redis: all apps in one process/m);
      await expectToEnd(shop, 'SIGTERM');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it.each(['ORDERS_PORT', 'NOTIFICATIONS_PORT', 'CONSOLE_PORT'])(
    'names %s when the port is taken, and starts nothing',
    async (variable) => {
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address() as { port: number };
      try {
        const { process } = await start({ [variable]: String(port) });
        expect(await process.exited).toEqual({ code: 1, signal: null });
        expect(process.output).toBe(`Port ${port} is already in use. Set ${variable} to another one.\n`);
      } finally {
        other.close();
      }
    },
  );

  it('says what is wrong with a port or with REDIS_URL', async () => {
    const notANumber = await start({ ORDERS_PORT: 'http' });
    expect(await notANumber.process.exited).toEqual({ code: 1, signal: null });
    expect(notANumber.process.output).toContain(
      'ORDERS_PORT must be a whole number from 1 to 65535, not "http".',
    );

    const nobody = await start({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
    expect(await nobody.process.exited).toEqual({ code: 1, signal: null });
    expect(nobody.process.output).toMatch(/^The Redis of REDIS_URL .* does not answer: .*ECONNREFUSED/);
  });

  it('says that an app has ended, lets the others live, and starts it again with its key', async () => {
    const redis = await RedisServer.start();
    try {
      const shop = await start({ REDIS_URL: redis.url });
      await shop.process.prints(/^Ready: /m);
      const [, pid] = await shop.process.prints(/^\[notifications\] (\d+) /m);
      process.kill(Number(pid), 'SIGKILL');
      await shop.process.prints(/^notifications has ended \(SIGKILL\)\. Press n to start it again\.$/m);
      expect((await fetch(`http://127.0.0.1:${shop.ports.orders}/health`)).ok).toBe(true);

      shop.process.type('n');
      await shop.process.prints(/^Starting notifications again\.$[^]*^\[notifications\] .*Listening/m);
      await expectToWork(shop);
      await expectToEnd(shop, 'SIGTERM');
    } finally {
      await redis.stop();
    }
  });

  it('lets orders come with a key, kills an app with another, and ends everything with q', async () => {
    const redis = await RedisServer.start();
    try {
      const shop = await start({ REDIS_URL: redis.url });
      await shop.process.prints(/^Ready: /m);
      shop.process.type('t');
      await shop.process.prints(/^Orders come\./m);
      await shop.process.prints(/^\[notifications\] .*(ada|grace|edsger|barbara|tony)/m);
      shop.process.type('n');
      await shop.process.prints(/^notifications has ended \(SIGKILL\)/m);
      shop.process.type('q');
      expect(await shop.process.exited).toEqual({ code: 0, signal: null });
      await expect(fetch(`http://127.0.0.1:${shop.ports.orders}/health`)).rejects.toThrow('fetch failed');
    } finally {
      await redis.stop();
    }
  });

  it('ends, and fails, when an app cannot start', async () => {
    const redis = await RedisServer.start();
    try {
      const shop = await start({ REDIS_URL: redis.url, NOTIFY_DELAY_MS: 'soon' });
      expect(await shop.process.exited).toEqual({ code: 1, signal: null });
      expect(shop.process.output).toContain('notifications has ended (exit code 1).');
    } finally {
      await redis.stop();
    }
  });
});
