import { Injectable } from '@nestjs/common';
import {
  EventBusInspector,
  OnEvent,
  OnKeyEvent,
  cloudEvents,
  defineEvent,
  memory,
  redis,
} from 'nestjs-redis-event-bus';
import type { EventTransport } from 'nestjs-redis-event-bus';
import type { AsyncApiDocumentOptions } from 'nestjs-redis-event-bus/asyncapi';
import { EventBusAsyncApi } from 'nestjs-redis-event-bus/asyncapi';
import * as v from 'valibot';
import { z } from 'zod';
import { startedApps } from '../../support/started.apps.js';
import { untyped } from '../../support/untyped.js';
import type { Json } from './support/document.problems.js';
import { at, copyOf, parserErrors, problemsIn } from './support/document.problems.js';

const info = { title: 'Orders', version: '1.2.3', description: 'Sells.' };

interface Node {
  name: string;
  children: Node[];
}
const nodeSchema: z.ZodType<Node> = z.object({
  name: z.string(),
  children: z.lazy(() => z.array(nodeSchema)),
});

const OrderCreated = defineEvent(
  'orders:<orderId>:created',
  z.object({ total: z.number().refine((total) => total > 0), note: z.string().optional() }),
);
const OrderPaid = defineEvent('orders:<orderId>:paid', z.object({ paidAt: z.date() }));
const TreeGrown = defineEvent('trees:<path...>', nodeSchema);
const Ledger = defineEvent('ledger:{eu}', z.object({ sum: z.number() }), { sharded: true });
const Split = defineEvent('split:<region>', undefined, { sharded: true });
const Plain = defineEvent('plain', v.object({ a: v.string() }));

@Injectable()
class Handlers {
  @OnEvent(OrderCreated, {
    group: 'billing',
    retry: { attempts: 4 },
    deadLetter: 'orders:dead',
    timeoutMs: 100,
  })
  bill(): void {}

  @OnEvent(['orders:*', 'audit:{x}', 'users:<userId>:seen'], { orderBy: () => 'key' })
  audit(): void {}

  @OnEvent<typeof Ledger>(Ledger)
  book(): void {}

  @OnEvent('orders:dead')
  bury(): void {}

  @OnKeyEvent('expired')
  expire(): void {}
}

/** Groups need a codec with ids. */
@Injectable()
class Ungrouped {
  @OnEvent([OrderCreated, 'orders:*'], { deadLetter: 'dead' })
  bill(): void {}
}

const { boot, start, log } = startedApps();
const PUBLISHES = [OrderCreated, OrderPaid, TreeGrown, Ledger, Split, Plain, OrderCreated];

async function bootOn(options: Parameters<typeof boot>[0] = {}) {
  const handlers = 'codec' in options ? Ungrouped : Handlers;
  return boot({ prefix: 'shop:', codec: cloudEvents({ source: '/orders' }), ...options }, handlers);
}

async function documentWith(
  options: Partial<AsyncApiDocumentOptions> = {},
  bus: Parameters<typeof boot>[0] = {},
) {
  const { app } = await bootOn(bus);
  return EventBusAsyncApi.document(app, { info, publishes: PUBLISHES, ...options });
}

describe('the AsyncAPI document of a bus', () => {
  it.each(['json', 'cloud-events'])('is valid, and whole by our own checks, with %s', async (codec) => {
    const document = await documentWith({}, codec === 'json' ? { codec: undefined } : {});
    expect(await parserErrors(document)).toEqual([]);
    expect(problemsIn(document)).toEqual([]);
  });

  it('is not valid for the parser when it is broken, so that the parser is there', async () => {
    const document = copyOf(await documentWith());
    delete document['info']?.['title'];
    expect(await parserErrors(document)).not.toEqual([]);
  });

  it.each<[string, (document: Record<string, Record<string, Json>>) => void]>([
    ['a lost reference', ({ components }) => delete components?.['messages']?.['event']],
    [
      'a parameter that is not declared',
      ({ channels }) => delete channels?.['orders.orderId.created']?.['parameters'],
    ],
    [
      'a parameter too many',
      ({ channels }) =>
        Object.assign(channels?.['orders.orderId.created']?.['parameters'] as Json, { more: {} }),
    ],
    [
      'a member in a Redis binding',
      ({ channels }) => (channels!['orders.any']!['bindings'] = { redis: { kind: 'x' } }),
    ],
    ['a glob as an address', ({ channels }) => (channels!['orders.any']!['address'] = 'shop:orders:*')],
    ['a handler twice', ({ operations }) => (operations!['again'] = operations!['Handlers.bill']!)],
    ['a contract twice', ({ operations }) => (operations!['again'] = operations!['publish.plain']!)],
    ['a channel twice', ({ channels }) => (channels!['again'] = channels!['plain']!)],
    [
      'a message of another channel',
      ({ operations }) => (operations!['Handlers.bill']!['channel'] = { $ref: '#/channels/plain' }),
    ],
  ])('is not whole with %s', async (_what, breakIt) => {
    const document = copyOf(await documentWith());
    breakIt(document);
    expect(problemsIn(document)).not.toEqual([]);
  });

  it('has an address with parameters for a template, and none for globs, shards and names with braces', async () => {
    const { channels } = await documentWith();
    const shown = Object.values(channels).map(({ address, parameters, 'x-redis-pubsub': { kind, name } }) => [
      address,
      Object.keys(parameters ?? {}).join(),
      `${kind} ${name}`,
    ]);
    expect(new Set(shown)).toEqual(
      new Set([
        ['shop:orders:{orderId}:created', 'orderId', 'pattern shop:orders:*:created'],
        ['shop:orders:{orderId}:paid', 'orderId', 'pattern shop:orders:*:paid'],
        ['shop:trees:{path}', 'path', 'pattern shop:trees:*'],
        ['shop:users:{userId}:seen', 'userId', 'pattern shop:users:*:seen'],
        ['shop:orders:dead', '', 'channel shop:orders:dead'],
        ['shop:plain', '', 'channel shop:plain'],
        ['__keyevent@0__:expired', '', 'channel __keyevent@0__:expired'],
        [null, '', 'pattern shop:orders:*'],
        [null, '', 'channel shop:audit:{x}'],
        [null, '', 'shard shop:ledger:{eu}'],
        [null, '', 'shard shop:split:<region>'],
      ]),
    );
    expect(shown).toHaveLength(11);
  });

  it('has a receive for each handler and target, and a send for each published contract and dead letter', async () => {
    const { operations } = await documentWith();
    const shown = Object.entries(operations).map(
      ([id, { action, channel }]) => `${action} ${id} ${channel.$ref}`,
    );
    expect(shown).toEqual([
      'receive Handlers.bill #/channels/orders.orderId.created',
      'send Handlers.bill.deadLetter #/channels/orders.dead',
      'receive Handlers.audit.audit.x #/channels/audit.x',
      'receive Handlers.audit.orders.any #/channels/orders.any',
      'receive Handlers.audit.users.userId.seen #/channels/users.userId.seen',
      'receive Handlers.book #/channels/ledger.eu',
      'receive Handlers.bury #/channels/orders.dead',
      'receive Handlers.expire #/channels/__keyevent.0__.expired',
      'send publish.orders.orderId.created #/channels/orders.orderId.created',
      'send publish.orders.orderId.paid #/channels/orders.orderId.paid',
      'send publish.trees.path #/channels/trees.path',
      'send publish.ledger.eu #/channels/ledger.eu',
      'send publish.split.region #/channels/split.region',
      'send publish.plain #/channels/plain',
    ]);
    expect(operations['Handlers.bill']?.['x-event-bus']).toMatchObject({
      handler: 'Handlers.bill',
      group: 'billing',
      retry: { attempts: 4, delayMs: 100 },
      deadLetter: 'orders:dead',
      timeoutMs: 100,
      orderBy: 'channel',
    });
    expect(operations['Handlers.audit.orders.any']?.['x-event-bus']).toMatchObject({ orderBy: 'function' });
  });

  it('shows the payload of a contract, within a CloudEvent where the codec makes one', async () => {
    const wrapped = await documentWith();
    const id = '#/components/schemas/orders.orderId.created';
    const { payload, contentType } = wrapped.components.messages['orders.orderId.created']!;
    expect(contentType).toBe('application/cloudevents+json');
    expect(payload).toEqual({
      allOf: [
        { $ref: '#/components/schemas/CloudEvent' },
        { properties: { data: { $ref: id } }, required: ['data'] },
      ],
    });
    const plain = await documentWith({}, { codec: undefined, prefix: '' });
    expect(plain.components.messages['orders.orderId.created']?.payload).toEqual({ $ref: id });
    expect(at({ ...plain }, id)).toEqual({
      type: 'object',
      properties: { total: { type: 'number' }, note: { type: 'string' } },
      required: ['total'],
    });
    expect(plain.info.description).toMatch(/^Sells\.\n\n.*necessary, not sufficient/);
  });

  it('moves the references of a schema that refers to itself', async () => {
    const document = await documentWith();
    const refs = JSON.stringify(document.components.schemas['trees.path']).match(/"\$ref":"[^"]*"/g);
    expect(refs).not.toBeNull();
    for (const ref of refs ?? []) expect(ref).toContain('#/components/schemas/trees.path');
  });

  it('loses only the payload of a schema that cannot be converted, with one warning that names the contract', async () => {
    const { app } = await bootOn();
    const document = EventBusAsyncApi.document(app, { info, publishes: PUBLISHES });
    const { 'orders.orderId.paid': paid, plain } = document.components.messages;
    expect(paid?.payload).toEqual({ $ref: '#/components/schemas/CloudEvent' });
    expect(paid?.description).toContain('Date cannot be represented in JSON Schema');
    expect(plain?.description).toContain(
      'schemas of valibot do not convert themselves; set the option jsonSchema',
    );
    const warnings = log.lines.filter(({ message }) => message.includes('AsyncAPI'));
    expect(warnings.map(({ level, message }) => [level, /contract="([^"]*)"/.exec(message)?.[1]])).toEqual([
      ['warn', 'orders:<orderId>:paid'],
      ['warn', 'plain'],
    ]);
  });

  it('takes what jsonSchema makes, and asks the schema where it makes nothing', async () => {
    const { components } = await documentWith({
      jsonSchema: ({ template }) => (template === 'plain' ? { type: 'object', title: 'ours' } : undefined),
    });
    expect(components.schemas['plain']).toEqual({ type: 'object', title: 'ours' });
    expect(components.schemas['orders.orderId.created']).toMatchObject({ required: ['total'] });
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('no way');
      },
      /no way/,
    ],
    [
      'throws nothing that is an error',
      () => {
        throw null;
      },
      /null/,
    ],
    ['returns no object', () => 'schema', /returned no object/],
    ['returns what is text as JSON', () => ({ toJSON: () => 'schema' }), /no object as JSON/],
    ['returns what is nothing as JSON', () => ({ toJSON: () => undefined }), /no object as JSON/],
    ['returns a promise', () => Promise.reject(new Error('late')), /asynchronous/],
    ['refers to another document', () => ({ $ref: 'https://example.org/a.json' }), /leads out of the schema/],
    ['refers to nothing', () => ({ $ref: '#/definitions/lost' }), /leads out of the schema/],
    [
      'returns a circle',
      () => {
        const circle: Json = {};
        circle['self'] = circle;
        return circle;
      },
      /circular/i,
    ],
  ])('loses only payloads when jsonSchema %s', async (_what, convert, reason) => {
    const document = await documentWith({ jsonSchema: untyped(convert) });
    expect(document.components.messages['plain']?.description).toMatch(reason);
    expect(problemsIn(document)).toEqual([]);
  });

  it('has channels of odd names like any other', async () => {
    const odd = [':__proto__', 'constructor', 'a::b', 'toString'].map((name) => defineEvent(name));
    const document = await documentWith({ publishes: odd });
    expect(problemsIn(document)).toEqual([]);
    const names = Object.values(document.channels).map(({ address }) => address);
    expect(names).toEqual(expect.arrayContaining(odd.map(({ template }) => `shop:${template}`)));
  });

  it('has no servers with memory()', async () => {
    expect(await documentWith()).not.toHaveProperty('servers');
  });

  it('names the servers without credentials, and not at all where addresses are redacted', async () => {
    const { app, inspector } = await bootOn();
    const description = inspector.describe();
    const at = (address: string, usesTls?: boolean) => {
      inspector.describe = () => ({
        ...description,
        transport: { name: 'redis', address, ...(usesTls && { usesTls }) },
      });
      return (options: Partial<AsyncApiDocumentOptions> = {}) =>
        EventBusAsyncApi.document(app, { info, ...options }).servers;
    };
    expect(app.get(EventBusInspector)).toBe(inspector);
    const { address } = redis({ url: 'rediss://ada:secret@cache:6380' }).create(
      untyped({}),
    ) as EventTransport;
    expect(at(address, true)()).toEqual({ redis: { host: 'cache:6380', protocol: 'rediss' } });
    expect(at('a:7000, b:7001')()).toEqual({
      'redis-1': { host: 'a:7000', protocol: 'redis' },
      'redis-2': { host: 'b:7001', protocol: 'redis' },
    });
    expect(at('::1:6379')()).toEqual({ redis: { host: '[::1]:6379', protocol: 'redis' } });
    expect(at('/run/redis.sock')()).toBeUndefined();
    expect(at('sentinel main')()).toBeUndefined();
    expect(at('a:7000')({ redactAddress: true })).toBeUndefined();
    const servers = { live: { host: 'x:1', protocol: 'rediss' } };
    expect(at('a:7000')({ servers })).toEqual(servers);
  });

  it('describes a bus by its name', async () => {
    const { app } = await start(
      { providers: [Handlers] },
      { transport: memory(), codec: cloudEvents({ source: '/a' }) },
      { transport: memory(), name: 'audit', prefix: 'audit:' },
    );
    const document = EventBusAsyncApi.document(app, { info, bus: 'audit', publishes: [Plain] });
    expect(Object.keys(document.operations)).toEqual(['publish.plain']);
    expect(document['x-event-bus']).toEqual({ bus: 'audit', codec: 'json', prefix: 'audit:' });
    expect(() => EventBusAsyncApi.document(app, { info, bus: 'none' })).toThrow(/no bus named "none"/);
  });

  it('does not show listeners, which come and go', async () => {
    const { app, subscriber } = await bootOn();
    const before = EventBusAsyncApi.document(app, { info });
    await subscriber.subscribe('later', () => undefined);
    expect(EventBusAsyncApi.document(app, { info })).toEqual(before);
  });

  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /has no options\. Write info: \{ title/],
    ['no info', {}, /info is missing/],
    ['an incomplete info', { info: { title: 'a' } }, /info must have a title and a version/],
    ['an unknown option', { info, publish: [] }, /publish is not an option\. Known options: info, publishes/],
    ['a string as a contract', { info, publishes: ['orders'] }, /publishes must be an array of contracts/],
    ['a server without protocol', { info, servers: { a: { host: 'b' } } }, /servers must be/],
    ['a schema as jsonSchema', { info, jsonSchema: {} }, /jsonSchema must be a function/],
  ])('refuses %s, and says what to write', async (_what, options, problem) => {
    const { app } = await bootOn();
    expect(() => EventBusAsyncApi.document(app, untyped(options))).toThrow(problem);
  });
});
