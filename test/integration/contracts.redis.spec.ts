/** @needs-redis-7 no sharded pub/sub */
import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { TestingModule } from '@nestjs/testing';
import { Test } from '@nestjs/testing';
import {
  ChannelParam,
  EventBusInspector,
  EventBusModule,
  EventBusPublisher,
  EventBusSubscriber,
  OnEvent,
  defineEvent,
  redis,
} from 'nestjs-redis-event-bus';
import type { EventContext, EventPayload, StandardSchema } from 'nestjs-redis-event-bus';
import * as v from 'valibot';
import { z } from 'zod';
import { eventually } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import { RedisServer } from '../support/redis.server.js';
import { untyped } from '../support/untyped.js';

const orderSchema = z.object({ total: z.number(), at: z.string().transform((text) => new Date(text)) });
const OrderCreated = defineEvent('orders:<orderId>:created', orderSchema);
const FileSaved = defineEvent('files:<bucket>:<path...>', v.object({ bytes: v.number() }));
const Ping = defineEvent('ping');
const Sharded = defineEvent('shard:{1}', z.object({ n: z.number() }), { sharded: true });

/** Answers after a while, as a schema that asks a database would. */
const later = <T>(schema: StandardSchema<unknown, T>): StandardSchema<unknown, T> => ({
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value) => {
      await setImmediate();
      return schema['~standard'].validate(value);
    },
  },
});
const Slow = defineEvent(
  'slow',
  later(z.object({ n: z.number() }) as StandardSchema<unknown, { n: number }>),
);

const inbox = new Inbox<unknown>();

@Injectable()
class Handlers {
  constructor(private readonly publisher: EventBusPublisher) {}

  @OnEvent(OrderCreated)
  bill(@Payload() order: EventPayload<typeof OrderCreated>, @ChannelParam('orderId') id: string): void {
    inbox.push({ bill: id, total: order.total, year: order.at.getFullYear() });
  }

  @OnEvent('orders:<id>:<step>')
  log(_order: unknown, event: EventContext): void {
    inbox.push({ log: { ...event.params }, pattern: event.pattern });
  }

  @OnEvent(FileSaved)
  save(file: EventPayload<typeof FileSaved>, event: EventContext): void {
    inbox.push({ save: { ...event.params }, bytes: file.bytes });
  }

  @OnEvent([Ping, Sharded])
  ping(@Payload() payload: unknown, @Ctx() event: EventContext): void {
    inbox.push({ ping: payload ?? null, channel: event.channel });
  }

  @OnEvent(Slow)
  async slow({ n }: EventPayload<typeof Slow>): Promise<void> {
    inbox.push({ slow: n });
  }

  @OnEvent('relay')
  async relay(): Promise<void> {
    await this.publisher.publish(FileSaved, untyped({ bytes: 'wrong' }), {
      params: { bucket: 'b', path: 'p' },
    });
  }

  @OnEvent('fence')
  fence(): void {
    inbox.push('fence');
  }
}

describe('contracts', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  let app: TestingModule | undefined;
  beforeEach(() => inbox.clear());
  afterEach(() => app?.close());

  async function start(providers: unknown[] = [Handlers], prefix = '') {
    const testing = await Test.createTestingModule({
      imports: [EventBusModule.forRoot({ transport: redis({ url: server.url }), prefix })],
      providers: providers.map(untyped),
    }).compile();
    testing.useLogger(false);
    // A start that fails leaves nothing to close, and on Nest 11 the close would reject with what it failed with.
    app = await testing.init();
    const inspector = app.get(EventBusInspector);
    return {
      publisher: app.get(EventBusPublisher),
      subscriber: app.get(EventBusSubscriber),
      counters: () => inspector.snapshot().counters,
    };
  }

  /** What came in before an event that is published now. */
  const received = async (publisher: EventBusPublisher) => {
    await publisher.publish('fence', 1);
    await inbox.upTo((item) => item === 'fence');
    // Calls with decorated arguments take a few turns of the microtask queue.
    await setImmediate();
    return inbox.items.filter((item) => item !== 'fence');
  };

  it.each(['', 'shop:'])(
    'carry parameters in the channel and the output of their schema (prefix %j)',
    async (prefix) => {
      const { publisher } = await start([Handlers], prefix);
      const payload = { total: 9, at: '2026-01-02T00:00:00Z' };
      await publisher.publish(OrderCreated, payload, { params: { orderId: '42' } });
      await publisher.publish(FileSaved, { bytes: 7 }, { params: { bucket: 'b', path: 'x:y:z' } });
      await publisher.publish(Ping, null);

      const events = await received(publisher);
      expect(events).toHaveLength(4);
      expect(events).toEqual(
        expect.arrayContaining([
          { bill: '42', total: 9, year: 2026 },
          { log: { id: '42', step: 'created' }, pattern: 'orders:<id>:<step>' },
          { save: { bucket: 'b', path: 'x:y:z' }, bytes: 7 },
          { ping: null, channel: 'ping' },
        ]),
      );
    },
  );

  it("send the schema's input, as it was given, so that any language can read it", async () => {
    const { publisher, subscriber } = await start([]);
    const seen = new Inbox<string>();
    await subscriber.subscribe<object>('orders:*', (order) => {
      seen.push(JSON.stringify(order));
    });
    await publisher.publish(OrderCreated, { total: 9, at: '2026-01-02' }, { params: { orderId: '42' } });
    expect(await seen.count(1)).toEqual(['{"total":9,"at":"2026-01-02"}']);
  });

  it('travel on shard channels where they say so', async () => {
    const { publisher } = await start();
    expect(await publisher.publish(Sharded, { n: 1 })).toBe(1);
    expect(await inbox.count(1)).toEqual([{ ping: { n: 1 }, channel: 'shard:{1}' }]);
  });

  it('refuse a payload before a byte leaves, and say where it is wrong', async () => {
    const { publisher, counters } = await start();
    const publish = publisher.publish(OrderCreated, untyped({ total: 'x', at: 1 }), {
      params: { orderId: '1' },
    });
    await expect(publish).rejects.toMatchObject({
      code: 'EVENT_BUS_PAYLOAD_INVALID',
      contract: 'orders:<orderId>:created',
      issues: [expect.stringContaining('total: '), expect.stringContaining('at: ')],
    });
    await expect(publisher.publish(Slow, { n: 'x' })).rejects.toMatchObject({
      code: 'EVENT_BUS_PAYLOAD_INVALID',
    });
    expect(await received(publisher)).toEqual([]);
    expect(counters()).toMatchObject({ publishFailed: 2, published: 1 });
  });

  it.each([
    [undefined, 'params.orderId is missing'],
    [{ orderId: '' }, 'params.orderId must be a non-empty string'],
    [{ orderId: 'a:b' }, 'without ":"'],
    [{ orderId: '*' }, 'without ":", glob'],
    [{ orderId: '1', step: 'x' }, 'params.step is not a parameter'],
  ])('refuse the parameters %j', async (params, words) => {
    const { publisher } = await start([]);
    const payload = { total: 1, at: '' };
    await expect(publisher.publish(OrderCreated, payload, untyped({ params }))).rejects.toMatchObject({
      code: 'EVENT_BUS_INVALID_CHANNEL',
      message: expect.stringContaining(words),
    });
  });

  it('keep a foreign payload that does not fit from the handler, count it and report it', async () => {
    const { publisher, counters } = await start();
    await publisher.publish('orders:1:created', { total: 'x' });
    await publisher.publish('slow', { n: 'x' });
    await publisher.publish('slow', { n: 1 });
    const events = await inbox.count(2);
    expect(events).toEqual(
      expect.arrayContaining([
        { log: { id: '1', step: 'created' }, pattern: 'orders:<id>:<step>' },
        { slow: 1 },
      ]),
    );
    // A call is counted when it has returned, which is after the inbox has its event.
    await eventually(() => expect(counters()).toMatchObject({ rejected: 2, failed: 0, handled: 2 }));
  });

  it("count a handler's own invalid publish as its failure", async () => {
    const { publisher, counters } = await start();
    await publisher.publish('relay', 1);
    await received(publisher);
    expect(counters()).toMatchObject({ failed: 1, rejected: 0 });
  });

  it("do not dispatch what Redis' glob lets through and their template does not mean", async () => {
    const { publisher, counters } = await start();
    await publisher.publish('orders:1:2:created', { total: 1, at: '' });
    await publisher.publish('orders::created', { total: 1, at: '' });
    expect(await received(publisher)).toEqual([]);
    // Each came once, through orders:*:*, which covers orders:*:created.
    expect(counters()).toMatchObject({ unmatched: 2, handled: 1, rejected: 0 });
  });

  it('keep the order of a channel also with an asynchronous schema', async () => {
    const { publisher } = await start();
    await Promise.all([1, 2, 3, 4, 5].map((n) => publisher.publish(Slow, { n })));
    expect(await inbox.count(5)).toEqual([1, 2, 3, 4, 5].map((n) => ({ slow: n })));
  });

  it('can be published together, each with its own outcome', async () => {
    const { publisher } = await start();
    const outcome = publisher.publishMany([
      { channel: Ping, payload: 1 },
      { channel: Slow, payload: { n: 'x' } },
      { channel: FileSaved, payload: { bytes: 1 }, params: { bucket: 'b', path: 'p' } },
      { channel: FileSaved, payload: { bytes: 1 } },
    ]);
    await expect(outcome).rejects.toMatchObject({
      outcomes: [
        { subscriptions: 1 },
        { error: { code: 'EVENT_BUS_PAYLOAD_INVALID' } },
        { subscriptions: 1 },
        { error: { code: 'EVENT_BUS_INVALID_CHANNEL' } },
      ],
    });
    expect(await received(publisher)).toHaveLength(2);
  });

  it('can be subscribed to at run time', async () => {
    const { publisher, subscriber } = await start([]);
    const seen = new Inbox<number>();
    const subscription = await subscriber.subscribe(OrderCreated, (order, event) => {
      seen.push(order.total + Number(event.params['orderId']));
    });
    await publisher.publish(OrderCreated, { total: 1, at: '' }, { params: { orderId: '41' } });
    expect(await seen.count(1)).toEqual([42]);
    await subscription.unsubscribe();
  });

  class Wrong {
    @OnEvent(defineEvent('s:<id>', undefined, { sharded: true }))
    sharded(): void {}

    @OnEvent(Ping, { kind: 'pattern' })
    kind(): void {}

    @OnEvent(['a:<id>', 'b:<other>'])
    param(@ChannelParam('id') id: string): string {
      return id;
    }

    @OnEvent('a:<id>:*')
    mixed(): void {}

    @OnEvent('a:<i d>')
    name(): void {}
  }

  it('name every mistake of their handlers when the application starts', async () => {
    const started = start([Wrong]);
    await expect(started).rejects.toMatchObject({
      code: 'EVENT_BUS_CONFIGURATION',
      problems: [
        expect.stringContaining('Wrong.sharded: target "s:<id>": Redis has no patterns for sharded pub/sub'),
        expect.stringContaining('Wrong.kind: target "ping": a contract already defines its kind'),
        expect.stringContaining(`Wrong.param: @ChannelParam('id'): the target "b:<other>" has no <id>`),
        expect.stringContaining('Wrong.mixed: target "a:<id>:*": a template cannot contain glob characters'),
        expect.stringContaining('Wrong.name: target "a:<i d>": a parameter is written <name>'),
      ],
    });
  });

  it.each([
    ['', 'the channel is empty'],
    ['a:*', 'glob character'],
    ['__keyspace@0__:<key>', 'belong to Redis'],
    ['a:<b>:<b>', 'twice'],
    [7, 'must be a string'],
  ])('cannot be defined as %j', (template, words) => {
    expect(() => defineEvent(template as string)).toThrow(words);
  });

  it('need a Standard Schema, if any', () => {
    expect(() => defineEvent('a', untyped({}))).toThrow('not a Standard Schema');
  });
});
