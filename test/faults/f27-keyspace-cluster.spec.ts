import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cluster } from 'ioredis';
import type { KeyEvent } from 'nestjs-redis-event-bus';
import { EventBusModule, EventBusStatus, OnKeyEvent, redisCluster } from 'nestjs-redis-event-bus';
import { eventually } from '../support/eventually.js';
import { LogLines } from '../support/log.lines.js';
import { RedisCluster } from '../support/redis.cluster.js';
import type { Contender } from './support/contender.js';
import { HEARTBEAT } from './support/deadlines.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { handlerClass } from './support/handler.class.js';
import { msUntil } from './support/hearing.js';

const KEYS_PER_ROUND = 300;
const stage = new FaultStage();
let cluster: RedisCluster;

interface Outcome {
  /** Of the keys of three masters, then of four. */
  readonly heard: readonly [before: number, after: number];
  readonly repeated: number;
}

const row: FaultRow<Outcome> = {
  stage,
  id: 'F27',
  fault: 'keyspace events on a Cluster',
  promise: 'all masters are heard, and one that is added is followed',
  async run(contender) {
    const heard: string[] = [];
    const handle = (event: unknown) => void heard.push((event as KeyEvent).key);
    await stage.start(contender, {
      url: cluster.nodeUrls.join(','),
      handlers: [{ name: 'leave', targets: ['expired'], handle }],
    });
    const before = await expireKeys('before', heard);
    const added = await cluster.addMaster();
    // What expires before somebody listens there is a gap, and another row.
    const counted = async () =>
      expect(await added.server.cli('PUBSUB', 'NUMSUB', '__keyevent@0__:expired')).not.toContain(0);
    await eventually(counted, { timeoutMs: 5_000 }).catch(() => undefined);
    const after = await expireKeys('after', heard);
    return { heard: [before, after], repeated: heard.length - new Set(heard).size };
  },
  check({ heard, repeated }) {
    expect(heard).toEqual([KEYS_PER_ROUND, KEYS_PER_ROUND]);
    expect(repeated).toBe(0);
  },
  figure: ({ heard: [before, after] }) =>
    `${before} of ${KEYS_PER_ROUND}, then ${after} of ${KEYS_PER_ROUND} with a master more`,
};

/** Lets keys expire all over the cluster, and returns how many of them were heard of. */
async function expireKeys(name: string, heard: readonly string[]): Promise<number> {
  const prefix = `${name}:${heard.length}:`;
  const count = () => new Set(heard.filter((key) => key.startsWith(prefix))).size;
  for (let n = 0; n < KEYS_PER_ROUND; n += 1) {
    const key = `${prefix}${n}`;
    const owner = await cluster.ownerOf(key);
    await owner.server.cli('SET', key, 'x', 'PX', 1);
  }
  await msUntil(() => count() === KEYS_PER_ROUND, 5_000);
  return count();
}

const busOnCluster: Contender = {
  name: 'the bus',
  async start({ url, handlers = [], endLater }) {
    const log = new LogLines();
    @Module({
      imports: [
        EventBusModule.forRoot({ transport: redisCluster({ nodes: url.split(','), heartbeat: HEARTBEAT }) }),
      ],
      providers: [handlerClass(handlers, OnKeyEvent)],
    })
    class Service {}
    const app = await NestFactory.createApplicationContext(Service, { logger: log, abortOnError: false });
    endLater(() => app.close());
    const status = app.get(EventBusStatus);
    return {
      gaps: [],
      log,
      isReady: () => status.current === 'ready',
      report: () => log.texts.join('\n'),
      publish: () => Promise.reject(new Error('Redis alone publishes key events.')),
      close: () => app.close(),
    };
  },
};

/** As a careful user writes it: the Cluster client subscribes, on one of the nodes. */
const plainCluster: Contender = {
  name: 'plain ioredis',
  async start({ url, handlers = [], endLater }) {
    const log = new LogLines();
    const client = new Cluster(url.split(','));
    endLater(() => client.disconnect());
    client.on('error', (error: Error) => log.error(error.message));
    client.on('message', (_channel: string, key: string) => {
      for (const handler of handlers) void handler.handle({ key });
    });
    await client.subscribe('__keyevent@0__:expired');
    return {
      gaps: [],
      log,
      isReady: () => client.status === 'ready',
      report: () => log.texts.join('\n'),
      publish: () => Promise.reject(new Error('Redis alone publishes key events.')),
      close: () => client.quit(),
    };
  },
};

describe('F27: key events of a Cluster', () => {
  beforeEach(async () => {
    cluster = await RedisCluster.start({ replicasPerMaster: 0, args: ['--notify-keyspace-events', 'Ex'] });
    stage.closeLater(() => cluster.stopAll());
    await eventually(async () => expect(await cluster.masters()).toHaveLength(3));
  }, 60_000);

  it('are heard from every master, whichever there are', () => expectToHold(row, busOnCluster), 90_000);

  it(
    'are heard from one of them with plain ioredis (control)',
    () => expectToBite(row, plainCluster),
    90_000,
  );
});
