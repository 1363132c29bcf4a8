import type { INestApplicationContext, Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import type { EventBusModuleOptions, EventContext } from 'nestjs-redis-event-bus';
import {
  EventBusInspector,
  EventBusModule,
  EventBusPublisher,
  OnEvent,
  cloudEvents,
  json,
  redis,
} from 'nestjs-redis-event-bus';
import { eventually } from '../support/eventually.js';
import { LogLines } from '../support/log.lines.js';
import { RedisServer } from '../support/redis.server.js';

let server: RedisServer;
let closers: (() => unknown)[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(
  options: Partial<EventBusModuleOptions>,
  ...providers: Type[]
): Promise<INestApplicationContext> {
  const transport = redis({ url: server.url });
  @Module({ imports: [EventBusModule.forRoot({ transport, ...options })], providers })
  class Service {}
  const app = await NestFactory.createApplicationContext(Service, {
    logger: new LogLines(),
    abortOnError: false,
  });
  closers.push(() => app.close());
  return app;
}

const seen: string[] = [];
class Listening {
  @OnEvent('orders:*')
  any(payload: unknown, { channel }: EventContext) {
    seen.push(`${channel} ${JSON.stringify(payload)}`);
  }
}
beforeEach(() => void (seen.length = 0));

/** Publishes all of them in one tick. */
const publishAll = (app: INestApplicationContext, count: number, channel = 'orders:created') =>
  Promise.all(Array.from({ length: count }, (_, n) => app.get(EventBusPublisher).publish(channel, n)));

describe('codecs with frames: true', () => {
  it('send the events of one channel and tick, but the first, as one message, which foreign subscribers see as it is', async () => {
    const app = await start({ codec: json({ frames: true }) });
    const bodies: string[] = [];
    const foreign = new Redis(server.url);
    closers.push(() => foreign.disconnect());
    foreign.on('message', (_channel, body) => bodies.push(body));
    await foreign.subscribe('orders:created');
    expect(await publishAll(app, 4)).toEqual([1, 1, 1, 1]);
    expect(await app.get(EventBusPublisher).publish('orders:created', { id: 4 })).toBe(1);
    await eventually(() => expect(bodies).toEqual(['0', '\u001E1\n\u001E2\n\u001E3\n', '{"id":4}']));
  });

  it('are read by every subscriber of ours without an option, each event once and in order', async () => {
    const publishing = await start({ codec: json({ frames: true }) });
    const handling = await start({}, Listening);
    await publishAll(publishing, 1_000);
    await eventually(() => expect(seen).toHaveLength(1_000));
    expect(seen).toEqual(Array.from({ length: 1_000 }, (_, n) => `orders:created ${n}`));
    const { received, rejected } = handling.get(EventBusInspector).snapshot().counters;
    expect([received, rejected]).toEqual([1_000, 0]);
  });

  it('are handled in full, and nothing after the end, by an application that closes amid them', async () => {
    const publishing = await start({ codec: json({ frames: true }) });
    let ended: Promise<void> | undefined;
    class Closing {
      @OnEvent('orders:created')
      created(payload: unknown) {
        seen.push(String(payload));
        // The first event of the frame: the one before was alone.
        if (payload === 1) ended = handling.close();
      }
    }
    const handling = await start({}, Closing);
    await publishAll(publishing, 4_000);
    await eventually(() => expect(ended).toBeDefined());
    await ended;
    const atEnd = seen.length;
    expect(seen).toEqual(Array.from({ length: 4_000 }, (_, n) => String(n)));
    await publishAll(publishing, 10);
    expect(seen).toHaveLength(atEnd);
  });

  it('keep a frame within maxPayloadBytes, and an event of that size alone', async () => {
    const publishing = await start({ codec: json({ frames: true }), maxPayloadBytes: 100 });
    const handling = await start({ maxPayloadBytes: 100 }, Listening);
    const texts = ['first', 'a'.repeat(60), 'b'.repeat(98), 'c'.repeat(30), 'd'.repeat(30)];
    const publisher = publishing.get(EventBusPublisher);
    await Promise.all(texts.map((text) => publisher.publish('orders:created', text)));
    await eventually(() => expect(seen).toHaveLength(5));
    expect(seen).toEqual(texts.map((text) => `orders:created "${text}"`));
    await expect(publisher.publish('orders:created', 'e'.repeat(99))).rejects.toThrow('101');
    expect(handling.get(EventBusInspector).snapshot().counters.rejected).toBe(0);
  });

  it('carry the metadata and the number of each CloudEvent, so that nothing seems to be missing', async () => {
    const codec = cloudEvents({ source: '/orders', frames: true });
    const publishing = await start({ codec });
    const ids = new Set<unknown>();
    class Metadata {
      @OnEvent('orders:created')
      created(_payload: unknown, { metadata }: EventContext) {
        ids.add(metadata.id);
      }
    }
    const handling = await start({ codec: cloudEvents({ source: '/x' }) }, Metadata);
    for (let tick = 0; tick < 3; tick += 1) await publishAll(publishing, 50);
    await eventually(() => expect(ids.size).toBe(150));
    const { gaps, missed, unsequenced } = handling.get(EventBusInspector).snapshot().counters;
    expect([gaps, missed, unsequenced]).toEqual([0, 0, 0]);
  });

  it('are refused where batching is off, which would never make a frame', async () => {
    const wrong = start({ codec: json({ frames: true }), batching: false });
    await expect(wrong).rejects.toThrow('frames: true needs batching');
  });
});
