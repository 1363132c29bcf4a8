/**
 * After a large reply the parser of ioredis 5 keeps a timer that shrinks its buffer step by step.
 *
 * @leak-grace-ms 15000
 */
import type { EventCodec, EventContext } from 'nestjs-redis-event-bus';
import { EventContext as Context, OnEvent, cloudEvents, json, raw, redis } from 'nestjs-redis-event-bus';
import type { Redis } from 'ioredis';
import { ListenerRecord } from '../../libs/event-bus/src/conformance/listener.record.js';
import { eventually } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import { runCommands } from '../support/resp.client.js';
import { RedisServer } from '../support/redis.server.js';
import { startedApps } from '../support/started.apps.js';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

/** Publishes all of these in one write. */
async function publishOutside(...bodies: readonly (string | Buffer)[]): Promise<void> {
  await runCommands(
    server.port,
    bodies.map((body) => ['PUBLISH', 'orders:new', body]),
  );
}

const { boot } = startedApps();

/** What the handler of `orders:*` got, and what that of `dead` did. */
class Handlers {
  readonly orders = new Inbox<EventContext>();
  readonly dead = new Inbox<unknown>();
}

function handlersOf(inbox: Handlers) {
  class Orders {
    @OnEvent('orders:*', { deadLetter: 'dead' })
    take(_payload: unknown, event: Context) {
      inbox.orders.push(event);
    }

    @OnEvent('dead')
    takeDead(payload: unknown) {
      inbox.dead.push(payload);
    }
  }
  return Orders;
}

const MAX_BYTES = 64 * 1024;

describe.each([true, false])('redis({ fastPath: %s })', (fastPath) => {
  const transport = () => redis({ url: server.url, fastPath });

  it(`lets ioredis read ${fastPath ? 'no message' : 'every message'}`, async () => {
    const listener = new ListenerRecord();
    const bus = transport().create(listener);
    await bus.connect();
    const [, subscriber] = bus.unwrap!() as [Redis, Redis];
    const read: string[] = [];
    subscriber.on('messageBuffer', (_channel: Buffer, body: Buffer) => read.push(String(body)));
    try {
      await bus.subscribe([{ kind: 'channel', name: 'orders:new' }]);
      await publishOutside('1', '2');
      await listener.until('two messages', () => listener.messages.length === 2);
      expect(read).toEqual(fastPath ? [] : ['1', '2']);
    } finally {
      await bus.close();
    }
  });

  it('gives handlers of raw() buffers that share nothing with each other', async () => {
    const inbox = new Handlers();
    await boot({ transport: transport(), codec: raw() }, handlersOf(inbox));
    await publishOutside('one', 'two', 'three');
    const payloads = (await inbox.orders.count(3)).map(({ payload }) => payload as Buffer);
    payloads[0]?.fill(0);
    expect(payloads.map(String)).toEqual(['\0\0\0', 'two', 'three']);
    expect(payloads.every((body) => Buffer.isBuffer(body))).toBe(true);
  });

  it('gives a codec that wraps json() a Buffer, as it says', async () => {
    const bodies: unknown[] = [];
    const inner = json();
    const wrapped: EventCodec = {
      ...inner,
      encode: (payload, channel) => `v1 ${String(inner.encode(payload, channel))}`,
      decode: (body, channel) => {
        bodies.push(body);
        return { payload: inner.decode(body.subarray(3), channel).payload, metadata: {} };
      },
    };
    const inbox = new Handlers();
    const app = await boot({ transport: transport(), codec: wrapped }, handlersOf(inbox));
    await app.publisher.publish('orders:new', { id: 1 });
    expect(await inbox.orders.count(1)).toMatchObject([{ payload: { id: 1 } }]);
    expect(bodies.every((body) => Buffer.isBuffer(body))).toBe(true);
  });

  it.each([
    ['json()', json()],
    ['cloudEvents()', cloudEvents({ source: '/test' })],
  ])('%s rejects bytes that are no UTF-8, and keeps a U+FFFD that was written', async (_name, codec) => {
    const inbox = new Handlers();
    const app = await boot({ transport: transport(), codec }, handlersOf(inbox));
    await publishOutside(Buffer.from([0x22, 0xff, 0x22]), '"\uFFFD"');
    expect(await inbox.orders.count(1)).toMatchObject([{ payload: '\uFFFD' }]);
    expect(await inbox.dead.count(1)).toMatchObject([
      { event: { base64: Buffer.from([0x22, 0xff, 0x22]).toString('base64'), bytes: 3 } },
    ]);
    expect(app.counters).toMatchObject({ rejected: 1 });
  });

  it('passes over what is too large, reports how large it was, and keeps the link', async () => {
    const inbox = new Handlers();
    const app = await boot({ transport: transport(), maxPayloadBytes: MAX_BYTES }, handlersOf(inbox));
    const sizes = [MAX_BYTES - 2, MAX_BYTES - 1, 5 * 1024 * 1024];
    await publishOutside(...sizes.map((size) => JSON.stringify('x'.repeat(size))), '"next"');
    const events = await inbox.orders.count(2);
    expect(events.map(({ payload }) => String(payload).length)).toEqual([MAX_BYTES - 2, 4]);
    expect(await inbox.dead.count(2)).toMatchObject([
      { event: { bytes: MAX_BYTES + 1 }, error: { code: 'EVENT_BUS_PAYLOAD_TOO_LARGE' } },
      { event: { bytes: 5 * 1024 * 1024 + 2 } },
    ]);
    await eventually(() => expect(app.counters).toMatchObject({ rejected: 2, deadLettered: 2 }));
    expect(app.gaps.items).toEqual([]);
  });
});
