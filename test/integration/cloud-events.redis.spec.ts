import { once } from 'node:events';
import { Redis } from 'ioredis';
import {
  EventContext,
  InvalidOptionError,
  NotConnectedError,
  PayloadTooLargeError,
  PublishRefusedError,
  cloudEvents,
  json,
  redis,
} from 'nestjs-redis-event-bus';
import { SequenceTracker } from '../../libs/event-bus/src/gaps/sequence.tracker.js';
import { eventually } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import { itWithShards } from '../support/redis.major.js';
import { RedisServer } from '../support/redis.server.js';
import { runCommands } from '../support/resp.client.js';
import { startedApps } from '../support/started.apps.js';
import { TcpProxy } from '../support/tcp.proxy.js';

interface CloudEvent {
  readonly id: string;
  readonly data: unknown;
  readonly publisherid: string;
  readonly sequence: string;
}

const codec = cloudEvents({ source: '/orders' });
const { boot } = startedApps(() => ({ transport: redis({ url: server.url }), codec }));
let server: RedisServer;
let closers: (() => unknown)[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const close of closers.reverse()) await close();
  closers = [];
});

/** What is on a channel, read by a client that knows nothing of us. */
async function readRaw(...channels: string[]): Promise<Inbox<CloudEvent>> {
  const inbox = new Inbox<CloudEvent>();
  const client = new Redis(server.url);
  closers.push(async () => {
    const ended = once(client, 'end');
    client.disconnect();
    await ended;
  });
  client.on('message', (_channel: string, body: string) => inbox.push(JSON.parse(body) as CloudEvent));
  await client.subscribe(...channels);
  return inbox;
}

const sequencesOf = (events: readonly CloudEvent[]) => events.map(({ sequence }) => Number(sequence));
const publishersOf = (events: readonly CloudEvent[]) => new Set(events.map(({ publisherid }) => publisherid));
const foreign = (channel: string, body: string) => runCommands(server.port, [['PUBLISH', channel, body]]);
const reject = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => Promise.reject(new Error('It did not reject.')),
    (error: Error) => error,
  );

describe('cloudEvents()', () => {
  it('puts a CloudEvent on the channel that any client can read', async () => {
    const inbox = await readRaw('shop:orders');
    const bus = await boot({ prefix: 'shop:' });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await bus.publisher.publish('orders', { total: 9 }, { headers: { traceparent } });
    const [event] = await inbox.count(1);
    expect(event).toEqual({
      specversion: '1.0',
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      source: '/orders',
      type: 'orders',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      datacontenttype: 'application/json',
      traceparent,
      data: { total: 9 },
      publisherid: expect.stringMatching(/^[a-z0-9]{10}\.[a-z0-9]+$/),
      sequence: '0000000000000001',
    });
  });

  it('hands a handler the payload and the metadata', async () => {
    const bus = await boot();
    const inbox = new Inbox<EventContext>();
    await bus.subscriber.subscribe('orders', (_payload, event) => inbox.push(event));
    await bus.publisher.publish('orders', { total: 9 }, { headers: { id: 'o-1', tenant: 'x' } });
    await bus.publisher.publish('orders', Buffer.from([0, 255]));
    const [first, second] = await inbox.count(2);
    expect(first?.payload).toEqual({ total: 9 });
    expect(first?.metadata).toMatchObject({ id: 'o-1', tenant: 'x', source: '/orders', type: 'orders' });
    expect(second?.payload).toEqual(Buffer.from([0, 255]));
  });

  it('reads the CloudEvents of others, and plain JSON', async () => {
    const bus = await boot();
    const inbox = new Inbox<EventContext>();
    await bus.subscriber.subscribe('orders', (_payload, event) => inbox.push(event));
    await foreign('orders', '{"specversion":"1.0","id":"7","source":"urn:x","type":"t","data":[1]}');
    await foreign('orders', '{"id":"7","data":[1]}');
    const [event, plain] = await inbox.count(2);
    expect([event?.payload, { ...event?.metadata }]).toEqual([[1], { id: '7', source: 'urn:x', type: 't' }]);
    expect([plain?.payload, { ...plain?.metadata }]).toEqual([{ id: '7', data: [1] }, {}]);
  });

  it('refuses payloads that receivers would refuse once they are numbered', async () => {
    const bus = await boot({ maxPayloadBytes: 1_000 });
    const inbox = new Inbox<unknown>();
    await bus.subscriber.subscribe('orders', inbox.push);
    const publisher = bus.publisher;
    let largest = 0;
    for (let length = 1_000; length > 0; length -= 1) {
      const sent = await publisher.publish('orders', 'x'.repeat(length)).catch((error: unknown) => error);
      if (typeof sent === 'number') {
        largest = length;
        break;
      }
      expect(sent).toBeInstanceOf(PayloadTooLargeError);
    }
    expect(await inbox.count(1)).toEqual(['x'.repeat(largest)]);
    expect(bus.inspector.snapshot().counters.rejected).toBe(0);
  });

  it('is what headers need', async () => {
    const bus = await boot({ codec: json() });
    const error = await reject(bus.publisher.publish('orders', 1, { headers: { id: '1' } }));
    expect(error).toBeInstanceOf(InvalidOptionError);
  });
});

describe('the numbers of events', () => {
  itWithShards(
    'follow each other on every channel and kind, whatever is published at the same time',
    async () => {
      const inbox = await readRaw('a', 'b');
      const { publisher } = await boot();
      const publishing = Array.from({ length: 500 }, (_, n) => publisher.publish(n % 3 === 0 ? 'b' : 'a', n));
      const many = publisher.publishMany(
        Array.from({ length: 100 }, (_, n) => ({ channel: 'a', payload: n })),
      );
      const sharded = publisher.publish('a', 'nobody reads it', { kind: 'shard' });
      await Promise.all([...publishing, many, sharded]);
      const events = await inbox.count(600);
      expect(publishersOf(events).size).toBe(2);
      for (const publisherid of publishersOf(events)) {
        const counted = events.filter((event) => event.publisherid === publisherid);
        expect(sequencesOf(counted)).toEqual(counted.map((_, index) => index + 1));
      }
    },
  );

  it('are not taken while there is no connection, and go on after it', async () => {
    const proxy = await TcpProxy.start({ targetPort: server.port });
    closers.push(() => proxy.stop());
    const inbox = await readRaw('a');
    const { publisher } = await boot({ transport: redis({ url: `redis://127.0.0.1:${proxy.port}` }) });
    await publisher.publish('a', 1);
    await proxy.stop();
    await eventually(async () =>
      expect(await reject(publisher.publish('elsewhere', 'down'))).toBeInstanceOf(NotConnectedError),
    );
    for (let n = 0; n < 10; n += 1) await reject(publisher.publish('a', 'down'));
    const waiting = publisher.publish('a', 2, { whenDisconnected: { bufferMs: 20_000 } });
    await proxy.accept();
    await waiting;
    await publisher.publish('a', 3);
    const events = await inbox.count(3);
    expect(events.map(({ data }) => data)).toEqual([1, 2, 3]);
    expect(sequencesOf(events)).toEqual([1, 2, 3]);
    expect(publishersOf(events).size).toBe(1);
  });

  it('show nothing missing where Redis refused an event', async () => {
    await server.cli('ACL', 'SETUSER', 'shop', 'reset', 'on', '>secret', '+@all', 'allchannels');
    closers.push(() => server.cli('ACL', 'DELUSER', 'shop'));
    const inbox = await readRaw('a');
    const url = server.url.replace('//', '//shop:secret@');
    const { publisher } = await boot({ transport: redis({ url }) });
    await publisher.publish('a', 1);
    await publisher.publish('a', 2);
    await server.cli('ACL', 'SETUSER', 'shop', '-publish');
    const refused = [3, 4, 5].map((payload) => reject(publisher.publish('a', payload)));
    for (const error of await Promise.all(refused)) expect(error).toBeInstanceOf(PublishRefusedError);
    await server.cli('ACL', 'SETUSER', 'shop', '+publish');
    await publisher.publish('a', 6);
    await publisher.publish('a', 7);
    const events = await inbox.count(4);
    expect(events.map(({ data }) => data)).toEqual([1, 2, 6, 7]);
    expect(sequencesOf(events)).toEqual([1, 2, 1, 2]);
    const tracker = new SequenceTracker();
    const holes = events.map(({ publisherid, sequence }) =>
      tracker.observe('a', { publisher: publisherid, sequence: Number(sequence) }, 0),
    );
    expect(holes.filter(Boolean)).toEqual([]);
  });

  it('show exactly what a subscriber missed', async () => {
    const { publisher } = await boot();
    const before = await readRaw('a');
    for (let n = 0; n < 5; n += 1) await publisher.publish('a', n);
    const seen = await before.count(5);
    await closers.pop()?.();
    for (let n = 5; n < 42; n += 1) await publisher.publish('a', n);
    const after = await readRaw('a');
    await publisher.publish('a', 42);
    const tracker = new SequenceTracker();
    const holes = [...seen, ...(await after.count(1))].map(({ publisherid, sequence }, index) =>
      tracker.observe('a', { publisher: publisherid, sequence: Number(sequence) }, index),
    );
    expect(holes.filter(Boolean)).toEqual([{ channel: 'a', missed: 37, fromMs: 4 }]);
  });
});
