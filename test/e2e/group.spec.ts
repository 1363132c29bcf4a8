import { jest } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { EventBusSnapshot } from 'nestjs-redis-event-bus';
import { EventBusModule, EventBusPublisher, cloudEvents, redis } from 'nestjs-redis-event-bus';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.server.js';
import { NodeProcess } from './support/node.process.js';

jest.setTimeout(90_000);

const CONCURRENCY = 16;
/** The events that an instance is done with before its calls hang. */
const FINISHED = 50;
const CHANNELS = 40;
const BATCH = 100;

describe('three instances of a service', () => {
  let server: RedisServer;
  let publisher: INestApplicationContext;
  let workers: NodeProcess[] = [];

  beforeEach(async () => {
    server = await RedisServer.start();
    @Module({
      imports: [
        EventBusModule.forRoot({
          transport: redis({ url: server.url }),
          codec: cloudEvents({ source: '/jobs' }),
        }),
      ],
    })
    class PublisherModule {}
    publisher = await NestFactory.createApplicationContext(PublisherModule, { logger: false });
  });

  afterEach(async () => {
    for (const worker of workers.splice(0)) worker.signal('SIGKILL');
    await publisher?.close();
    await server?.stop();
  });

  async function startWorkers(group: string, ...environments: readonly Record<string, string>[]) {
    workers = environments.map((environment, index) =>
      NodeProcess.start('test/e2e/support/group.worker.mjs', {
        REDIS_URL: server.url,
        INSTANCE: String(index),
        GROUP: group,
        ...environment,
      }),
    );
    await Promise.all(workers.map((worker) => worker.prints(/^ready$/m)));
    return workers as [NodeProcess, NodeProcess, NodeProcess];
  }

  /** Numbers from 0 on, each an event; in batches, so that the workers are at it meanwhile. */
  async function publish(count: number, afterBatch: (published: number) => unknown = () => undefined) {
    for (let from = 0; from < count; from += BATCH) {
      const batch = Array.from({ length: BATCH }, (_, index) => ({
        channel: `jobs:${(from + index) % CHANNELS}`,
        payload: from + index,
      }));
      await publisher.get(EventBusPublisher).publishMany(batch);
      await afterBatch(from + BATCH);
    }
  }

  const listed = async (list: 'begun' | 'done', instance: number): Promise<number[]> =>
    ((await server.cli('LRANGE', `${list}:${instance}`, 0, -1)) as string[]).map(Number);

  /** Of every instance, in its own order. */
  const done = () => Promise.all([0, 1, 2].map((instance) => listed('done', instance)));

  /** Ends it gracefully: when it has, it is done with everything that Redis had sent to it. */
  async function countersOf(worker: NodeProcess): Promise<EventBusSnapshot['counters']> {
    await worker.stop();
    const [, counters] = await worker.prints(/^counters (.*)$/m);
    return JSON.parse(counters as string) as EventBusSnapshot['counters'];
  }

  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
  const ascending = (a: number, b: number) => a - b;

  it('handle each event once between them when they are a group', async () => {
    const started = await startWorkers('workers', {}, {}, {});
    await publish(3_000);
    const counters = await Promise.all(started.map(countersOf));
    const shares = await done();
    expect(shares.flat().toSorted(ascending)).toEqual(numbers(3_000));
    for (const { received, handled, leftToGroup, rejected, dropped } of counters) {
      expect([received, handled + leftToGroup, rejected, dropped]).toEqual([3_000, 3_000, 0, 0]);
    }
    // None of them is idle, and each keeps the order of a channel in what it gets.
    expect(Math.min(...shares.map((share) => share.length))).toBeGreaterThan(0);
    for (const share of shares) {
      for (let channel = 0; channel < CHANNELS; channel += 1) {
        const ofChannel = share.filter((payload) => payload % CHANNELS === channel);
        expect(ofChannel).toEqual(ofChannel.toSorted(ascending));
      }
    }
  });

  it('handle each event three times when they are none', async () => {
    const started = await startWorkers('', {}, {}, {});
    await publish(500);
    await Promise.all(started.map(countersOf));
    for (const share of await done()) expect(share.toSorted(ascending)).toEqual(numbers(500));
    expect(await server.cli('KEYS', '*claim*')).toEqual([]);
  });

  it('handle none twice when one of them is killed, and miss only what it had claimed', async () => {
    const started = await startWorkers('workers', {}, {}, { HANG_AFTER: String(FINISHED) });
    const [, , victim] = started;
    let claimed: number[] = [];
    await publish(3_000, async (published) => {
      if (published < 1_500 || claimed.length > 0) return;
      // On a busy machine the others may have claimed most so far: more events follow.
      const hasBegun = (await listed('begun', 2)).length === FINISHED + CONCURRENCY;
      if (!hasBegun && published < 3_000) return;
      claimed = await eventually(async () => {
        const [finished, begun] = [await listed('done', 2), await listed('begun', 2)];
        expect([finished.length, begun.length]).toEqual([FINISHED, FINISHED + CONCURRENCY]);
        return begun.filter((payload) => !finished.includes(payload));
      });
      victim.signal('SIGKILL');
      await victim.exited;
    });
    const counters = await Promise.all(started.slice(0, 2).map(countersOf));
    const handled = (await done()).flat();
    expect(handled).toHaveLength(new Set(handled).size);
    const missing = numbers(3_000).filter((payload) => !handled.includes(payload));
    expect(missing).toEqual(claimed.toSorted(ascending));
    for (const { received, handled: own, leftToGroup } of counters) {
      expect([received, own + leftToGroup]).toEqual([3_000, 3_000]);
    }
  });
});
