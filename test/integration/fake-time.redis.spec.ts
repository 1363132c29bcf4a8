/** @needs-redis-7 a node of a Cluster cannot be told its bus port */
import { jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TransportFactory } from 'nestjs-redis-event-bus';
import {
  EventBusModule,
  EventBusPublisher,
  EventBusStatus,
  EventBusSubscriber,
  OnEvent,
  memory,
  redis,
  redisCluster,
} from 'nestjs-redis-event-bus';
import { Inbox } from '../support/inbox.js';
import { RedisCluster } from '../support/redis.cluster.js';
import { RedisSentinels } from '../support/redis.sentinels.js';
import { RedisServer } from '../support/redis.server.js';

/** Where this file runs in a project that fakes time from the start, it is fake when our modules are loaded. */
const isFakeAtLoad = 'clock' in setTimeout;

let server: RedisServer;
let cluster: RedisCluster;
let sentinels: RedisSentinels;
beforeAll(async () => {
  jest.useRealTimers();

  server = await RedisServer.start();
  cluster = await RedisCluster.start({ masters: 3, replicasPerMaster: 0 });
  sentinels = await RedisSentinels.start();
}, 60_000);
afterAll(async () => {
  jest.useRealTimers();
  await Promise.all([server.stop(), cluster.stopAll(), sentinels.stop()]);
});

const transports: Readonly<Record<string, () => TransportFactory>> = {
  'memory()': () => memory(),
  'redis()': () => redis({ url: server.url }),
  'redis() on RESP2 without a ready check': () => redis({ url: server.url, enableReadyCheck: false }),
  'redisCluster()': () => redisCluster({ nodes: [cluster.nodes[0]!.server.url] }),
  'redis() through Sentinel': () => redis(sentinels.redisOptions),
};

const fakes: Readonly<Record<string, () => unknown>> = {
  'everything that Jest can fake': () => jest.useFakeTimers(),
  'timers alone': () =>
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'Date', 'performance', 'hrtime'] }),
  'timers of the old kind': () => jest.useFakeTimers({ legacyFakeTimers: true }),
};

describe(`on faked time${isFakeAtLoad ? ', faked before anything is loaded' : ''}`, () => {
  const handled = new Inbox<unknown>();

  @Injectable()
  class Handlers {
    @OnEvent('orders:*')
    handle(payload: unknown): void {
      handled.push(payload);
    }
  }

  const start = async (transport: TransportFactory): Promise<INestApplication> => {
    const testing = await Test.createTestingModule({
      imports: [EventBusModule.forRoot({ transport })],
      providers: [Handlers],
    }).compile();
    return testing.createNestApplication({ logger: false }).init();
  };

  /** What is published is heard. */
  const expectToWork = async (app: INestApplication) => {
    const publisher = app.get(EventBusPublisher);
    handled.clear();
    await publisher.publish('orders:a', 1);
    await Promise.all([2, 3].map((n) => publisher.publish('orders:a', n)));
    await Promise.all([4, 5].map((n) => publisher.publish('orders:a', n)));
    await publisher.publishMany([{ channel: 'orders:b', payload: 6 }]);
    await publisher.publish('orders:b', 7, { whenDisconnected: { bufferMs: 1_000 } });
    expect(new Set(await handled.count(7))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]));
    const heard = new Inbox<unknown>();
    const subscription = await app.get(EventBusSubscriber).subscribe('news', heard.push);
    await publisher.publish('news', 8);
    expect(await heard.count(1)).toEqual([8]);
    await subscription.unsubscribe();
  };

  afterEach(() => void jest.useRealTimers());

  describe.each(Object.entries(transports))('%s', (_name, transport) => {
    it.each(Object.entries(fakes))('starts, publishes, handles and closes: %s', async (_fake, fake) => {
      fake();
      const app = await start(transport());
      await expectToWork(app);
      await app.close();
    });

    it.each(Object.entries(fakes))(
      'publishes and closes when it was started before: %s',
      async (_fake, fake) => {
        jest.useRealTimers();
        const app = await start(transport());
        fake();
        await expectToWork(app);
        await app.close();
      },
    );

    it('keeps its connections when the time of an hour goes by', async () => {
      jest.useFakeTimers();
      const app = await start(transport());
      const states: string[] = [];
      app.get(EventBusStatus).changes.subscribe((state) => states.push(state));
      jest.advanceTimersByTime(3_600_000);
      await expectToWork(app);
      expect(states.filter((state) => state !== 'ready')).toEqual([]);
      await app.close();
    });
  });
});
