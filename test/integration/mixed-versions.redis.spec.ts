import type { INestApplication, INestMicroservice } from '@nestjs/common';
import { Controller, Injectable } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import * as current from 'nestjs-redis-event-bus';
import type { DeadLetter, EventBusModuleOptions, EventContext, OnEventOptions } from 'nestjs-redis-event-bus';
import * as currentMicroservices from 'nestjs-redis-event-bus/microservices';
import { firstValueFrom, toArray } from 'rxjs';
import { eventually } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import { copyOf010 } from '../support/package.copies.js';
import type { PackageCopy } from '../support/package.copies.js';
import { RedisServer } from '../support/redis.server.js';

/** What both versions have. */
interface Version {
  readonly library: PackageCopy['library'];
  readonly microservices: PackageCopy['microservices'];
}

const versions: Record<string, Version> = {
  'this version': { library: current, microservices: currentMicroservices },
};
let server: RedisServer;
let old: PackageCopy;
const open: (INestApplication | INestMicroservice)[] = [];

beforeAll(async () => {
  [server, old] = await Promise.all([RedisServer.start(), copyOf010()]);
  versions['0.1.0'] = old;
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((app) => app.close()));
});
afterAll(async () => {
  await server.stop();
  old.remove();
});

type Handle = (payload: unknown, event: EventContext) => unknown;

/** A service with one handler on that version of the package. */
async function start(
  { library }: Version,
  codec: EventBusModuleOptions['codec'],
  target?: string,
  handle: Handle = () => undefined,
  options: OnEventOptions = {},
): Promise<INestApplication> {
  @Injectable()
  class Service {
    @library.OnEvent(target ?? 'nobody', options)
    handle(payload: unknown, event: EventContext) {
      return handle(payload, event);
    }
  }
  const transport = library.redis({ url: server.url, heartbeat: { intervalMs: 100 } });
  const module = await Test.createTestingModule({
    imports: [library.EventBusModule.forRoot({ transport, ...(codec && { codec }) })],
    providers: target === undefined ? [] : [Service],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  open.push(app);
  return app.init();
}

const snapshot = ({ library }: Version, app: INestApplication) =>
  app.get(library.EventBusInspector).snapshot();

describe.each([
  ['0.1.0', 'this version'],
  ['this version', '0.1.0'],
])('from %s to %s', (from, to) => {
  const versionOf = (name: string) => versions[name] as Version;

  it('JSON arrives as it was published, in its order', async () => {
    const [publishing, handling] = [versionOf(from), versionOf(to)];
    const seen = new Inbox<unknown>();
    await start(handling, undefined, 'orders:*', seen.push);
    const app = await start(publishing, undefined);
    const payloads = Array.from({ length: 500 }, (_, n) => ({ n, text: 'é\u2028🙂', max: 2 ** 53 - 1 }));
    const publisher = app.get(publishing.library.EventBusPublisher);
    await publisher.publishMany(payloads.map((payload) => ({ channel: 'orders:1', payload })));
    expect(await seen.count(500)).toEqual(payloads);
  });

  it.each(['json', 'cloudEvents'] as const)('batch frames of %s() are unpacked', async (name) => {
    const [publishing, handling] = [versionOf(from), versionOf(to)];
    const codecOf = ({ library }: Version, frames: boolean) =>
      name === 'json' ? library.json({ frames }) : library.cloudEvents({ source: '/x', frames });
    const seen = new Inbox<unknown>();
    const handler = await start(handling, codecOf(handling, false), 'orders:*', seen.push);
    const app = await start(publishing, codecOf(publishing, true));
    const numbers = Array.from({ length: 300 }, (_, n) => n);
    await app
      .get(publishing.library.EventBusPublisher)
      .publishMany(numbers.map((payload) => ({ channel: 'orders:1', payload })));
    expect(await seen.count(300)).toEqual(numbers);
    // Events that came in fewer messages are frames.
    expect(snapshot(handling, handler).counters).toMatchObject({ handled: 300, rejected: 0, missed: 0 });
  });

  it('the numbers of CloudEvents count exactly what was lost', async () => {
    const [publishing, handling] = [versionOf(from), versionOf(to)];
    const codecOf = ({ library }: Version) => library.cloudEvents({ source: '/x' });
    const seen = new Inbox<unknown>();
    const handler = await start(handling, codecOf(handling), 'orders:*', seen.push);
    const app = await start(publishing, codecOf(publishing));
    const publisher = app.get(publishing.library.EventBusPublisher);
    const publish = async (payload: unknown) => void (await publisher.publish('orders:1', payload));
    await publish('first');
    await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    for (let n = 0; n < 50; n += 1) await publish(n);
    await eventually(() => expect(snapshot(handling, handler).status).toBe('ready'));
    await publish('last');
    await seen.upTo((payload) => payload === 'last');
    await eventually(() => {
      const { handled, missed } = snapshot(handling, handler).counters;
      expect(handled + missed).toBe(52);
    });
    expect(snapshot(handling, handler).counters.gaps).toBeGreaterThan(0);
  });

  it('a dead letter is read', async () => {
    const [failing, reading] = [versionOf(from), versionOf(to)];
    const seen = new Inbox<DeadLetter>();
    await start(reading, undefined, 'dead', (letter) => seen.push(letter as DeadLetter));
    const app = await start(failing, undefined, 'orders:*', () => Promise.reject(new Error('no')), {
      deadLetter: 'dead',
    });
    await app.get(failing.library.EventBusPublisher).publish('orders:1', { id: 1 });
    expect(await seen.count(1)).toMatchObject([
      {
        event: { channel: 'orders:1', payload: { id: 1 } },
        error: { name: 'Error', message: 'no' },
        handler: 'Service.handle',
        attempts: 1,
      },
    ]);
  });

  it('a ring of dead letters ends', async () => {
    const [one, two] = [versionOf(from), versionOf(to)];
    const fail = () => {
      throw new Error('no');
    };
    const first = await start(one, undefined, 'a', fail, { deadLetter: 'b' });
    const second = await start(two, undefined, 'b', fail, { deadLetter: 'a' });
    await first.get(one.library.EventBusPublisher).publish('a', 1);
    const failures = () => snapshot(one, first).counters.failed + snapshot(two, second).counters.failed;
    await eventually(() => {
      const lost =
        snapshot(one, first).counters.deadLettersLost + snapshot(two, second).counters.deadLettersLost;
      expect(lost).toBe(1);
    });
    expect(failures()).toBeLessThanOrEqual(7);
  });

  it('a request is answered', async () => {
    const [asking, answering] = [versionOf(from), versionOf(to)];
    @Controller()
    class Sums {
      @MessagePattern('sum')
      sum(numbers: number[]) {
        return numbers.reduce((total, number) => total + number, 0);
      }
    }
    const module = await Test.createTestingModule({ controllers: [Sums] }).compile();
    const { EventBusServer, EventBusClient } = answering.microservices;
    const strategy = new EventBusServer({ transport: answering.library.redis({ url: server.url }) });
    const app = module.createNestMicroservice({ strategy, logger: false });
    open.push(app);
    await app.listen();
    expect(EventBusClient).not.toBe(asking.microservices.EventBusClient);
    const client = new asking.microservices.EventBusClient({
      transport: asking.library.redis({ url: server.url }),
    });
    try {
      expect(await firstValueFrom(client.send<number[]>('sum', [1, 2, 3]).pipe(toArray()))).toEqual([6]);
    } finally {
      await client.close();
    }
  });

  it('a group shares nothing: both handle each event, as docs/upgrading.md says', async () => {
    const [one, two] = [versionOf(from), versionOf(to)];
    const codecOf = ({ library }: Version) => library.cloudEvents({ source: '/x' });
    const seen = new Inbox<unknown>();
    const apps = [
      await start(one, codecOf(one), 'jobs:*', seen.push, { group: 'workers' }),
      await start(two, codecOf(two), 'jobs:*', seen.push, { group: 'workers' }),
      await start(two, codecOf(two), 'jobs:*', seen.push, { group: 'workers' }),
    ] as const;
    const publisher = apps[0].get(one.library.EventBusPublisher);
    for (let n = 0; n < 10; n += 1) await publisher.publish('jobs:1', n);
    await eventually(() => {
      const left = snapshot(two, apps[1]).counters.leftToGroup + snapshot(two, apps[2]).counters.leftToGroup;
      expect(left).toBe(10);
    });
    expect(await seen.count(20)).toHaveLength(20);
  });
});
