import { SpanKind, SpanStatusCode, context, propagation, trace } from '@opentelemetry/api';
import { AlwaysOffSampler, ParentBasedSampler } from '@opentelemetry/sdk-trace-base';
import type { CanActivate } from '@nestjs/common';
import { Injectable, UseGuards } from '@nestjs/common';
import {
  EventBusPublisher,
  HandlerTimeoutError,
  InvalidChannelError,
  InvalidOptionError,
  OnEvent,
  PayloadTooLargeError,
  cloudEvents,
  defineEvent,
  eventBusToken,
  json,
  memory,
  memoryBroker,
} from 'nestjs-redis-event-bus';
import type { EventContext } from 'nestjs-redis-event-bus';
import { openTelemetry } from 'nestjs-redis-event-bus/opentelemetry';
import { eventually } from '../support/eventually.js';
import type { BusOptions } from '../support/started.apps.js';
import { startedApps } from '../support/started.apps.js';
import { Telemetry } from '../support/telemetry.js';
import { untyped } from '../support/untyped.js';

const codec = cloudEvents({ source: '/orders' });
const { boot, start, log } = startedApps(() => ({
  transport: memory(),
  codec,
  observers: [openTelemetry()],
}));
const OrderPaid = defineEvent('orders:<id>:paid');

let telemetry: Telemetry;
let received: EventContext[];
/** Of the baggage of the last event. */
let tenant: string | undefined;

beforeEach(() => {
  telemetry = new Telemetry();
  received = [];
});
afterEach(() => telemetry.end());

/** Works in a span of its own, and notes what it got. */
@Injectable()
class Orders {
  @OnEvent('orders:*')
  async handle(_payload: unknown, event: EventContext): Promise<void> {
    tenant = propagation.getActiveBaggage()?.getEntry('tenant')?.value;
    await telemetry.within('work', async () => void received.push(event));
  }
}

const ended = (name: string, count = 1) =>
  eventually(() => expect(telemetry.named(name)).toHaveLength(count)).then(() => telemetry.named(name));

describe('openTelemetry', () => {
  it('makes one trace of a request, its publish, the handler and the work of that', async () => {
    telemetry.register();
    const { publisher } = await boot({}, Orders);
    const baggage = propagation.createBaggage({ tenant: { value: 'acme' } });
    await context.with(propagation.setBaggage(context.active(), baggage), () =>
      telemetry.within('POST /orders', () => publisher.publish('orders:created', { id: 7 })),
    );
    await ended('process orders:*');
    const [post, publish, process, work] = ['POST /orders', 'publish', 'process orders:*', 'work'].map(
      (name) => telemetry.named(name)[0]!,
    );
    expect(telemetry.spans).toHaveLength(4);
    expect(new Set(telemetry.spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(publish).toMatchObject({ kind: SpanKind.PRODUCER, parent: post!.spanId, links: [] });
    expect(process).toMatchObject({
      kind: SpanKind.CONSUMER,
      parent: publish!.spanId,
      links: [publish!.spanId],
      status: SpanStatusCode.UNSET,
    });
    expect(work).toMatchObject({ parent: process!.spanId });
    const id = received[0]!.metadata.id;
    expect(publish!.attributes).toEqual({
      'messaging.system': 'memory',
      'messaging.operation.name': 'publish',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'orders:created',
      'messaging.message.id': id,
    });
    expect(process!.attributes).toEqual({
      'messaging.system': 'memory',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'orders:created',
      'messaging.destination.template': 'orders:*',
      'messaging.message.id': id,
      'event_bus.handler': 'Orders.handle',
      'event_bus.attempt': 1,
    });
    expect(received[0]!.metadata).toMatchObject({ baggage: 'tenant=acme' });
    expect(tenant).toBe('acme');
  });

  it('names the publish of a contract after its template, and a channel as the application does', async () => {
    telemetry.register();
    const destinationName = (channel: string) => {
      if (channel === 'boom') throw new Error('boom');
      return channel.split(':')[0];
    };
    const { publisher } = await boot({
      observers: [openTelemetry({ destinationName, messageBodySize: true })],
    });
    await publisher.publish(OrderPaid, 1, { params: { id: '7' } });
    await publisher.publish('orders:8', 1);
    await publisher.publish('boom', 1);
    expect(telemetry.spans.map(({ name }) => name)).toEqual([
      'publish orders:<id>:paid',
      'publish orders',
      'publish',
    ]);
    expect(telemetry.spans.map(({ attributes }) => attributes['messaging.destination.name'])).toEqual([
      'orders:7:paid',
      'orders:8',
      'boom',
    ]);
    expect(telemetry.spans[0]!.attributes['messaging.message.body.size']).toBeGreaterThan(100);
  });

  it('makes two traces where the codec carries no metadata, and warns once of it', async () => {
    telemetry.register();
    const { publisher, lines } = await boot({ codec: json() }, Orders).then((app) => ({
      publisher: app.publisher,
      lines: () => app.lines('warn'),
    }));
    for (const n of [1, 2]) await publisher.publish('orders:created', n);
    const [process] = await ended('process orders:*', 2);
    expect(process).toMatchObject({ parent: undefined, links: [] });
    expect(telemetry.named('publish')[0]!.traceId).not.toBe(process!.traceId);
    expect(lines()).toEqual([
      expect.stringMatching(
        /not linked.*codec=json bus=default.*Write codec: cloudEvents\(\{ source \}\)\.$/,
      ),
    ]);
  });

  it('begins a trace for each call with parent: none, linked to the publish', async () => {
    telemetry.register();
    const { publisher, lines } = await boot({ observers: [openTelemetry({ parent: 'none' })] }, Orders).then(
      (app) => ({ publisher: app.publisher, lines: app.lines('warn') }),
    );
    await publisher.publish('orders:created', 1);
    const [process] = await ended('process orders:*');
    const [publish] = telemetry.named('publish');
    expect(process).toMatchObject({ parent: undefined, links: [publish!.spanId] });
    expect(process!.traceId).not.toBe(publish!.traceId);
    expect(telemetry.named('work')[0]).toMatchObject({ parent: process!.spanId });
    expect(lines).toEqual([]);
  });

  it('ends the span of a call that is late or refused as the bus does', async () => {
    telemetry.register();
    @Injectable()
    class Failing {
      @OnEvent('late', { timeoutMs: 20 })
      late(): Promise<void> {
        return new Promise(() => undefined);
      }

      @OnEvent('refused')
      @UseGuards(
        class implements CanActivate {
          canActivate = () => false;
        },
      )
      refused(): void {}
    }
    const { publisher } = await boot({ shutdown: { drainTimeoutMs: 0 } }, Failing);
    for (const channel of ['late', 'refused']) await publisher.publish(channel, 1);
    const [late] = await ended('process late');
    expect(late).toMatchObject({ status: SpanStatusCode.ERROR });
    expect(late!.attributes['error.type']).toBe(HandlerTimeoutError.code);
    const [refused] = await ended('process refused');
    expect(refused).toMatchObject({ status: SpanStatusCode.UNSET });
    expect(refused!.attributes).toHaveProperty(['error.type']);
  });

  it('has one span for the call that failed and one for the next, of one parent', async () => {
    telemetry.register();
    @Injectable()
    class Failing {
      @OnEvent('retried', { retry: { attempts: 2, delayMs: 1 } })
      async retried(_payload: unknown, event: EventContext): Promise<void> {
        received.push(event);
        if (received.length < 2) throw new TypeError('not yet');
      }
    }
    const { publisher } = await boot({}, Failing);
    await publisher.publish('retried', 1);
    const [first, second] = await ended('process retried', 2);
    expect([first!.attributes['event_bus.attempt'], second!.attributes['event_bus.attempt']]).toEqual([1, 2]);
    expect(first).toMatchObject({ status: SpanStatusCode.ERROR, attributes: { 'error.type': 'TypeError' } });
    expect(second).toMatchObject({ status: SpanStatusCode.UNSET, parent: first!.parent });
  });

  it.each(['publisher', 'none'] as const)(
    'makes a dead letter a child of the last call that failed, with its baggage (parent: %s)',
    async (parent) => {
      telemetry.register();
      let seen: string | undefined;
      @Injectable()
      class Failing {
        @OnEvent('failing', { retry: { attempts: 2, delayMs: 1 }, deadLetter: 'dead' })
        async handle(): Promise<void> {
          throw new Error('boom');
        }

        @OnEvent('dead')
        take(): void {
          seen = propagation.getActiveBaggage()?.getEntry('tenant')?.value;
        }
      }
      const { publisher } = await boot({ observers: [openTelemetry({ parent })] }, Failing);
      const baggage = propagation.createBaggage({ tenant: { value: 'acme' } });
      await context.with(propagation.setBaggage(context.active(), baggage), () =>
        publisher.publish('failing', 1),
      );
      const [dead] = await ended('process dead');
      const last = telemetry.named('process failing')[1]!;
      const letter = telemetry.named('publish')[1]!;
      expect(letter).toMatchObject({ kind: SpanKind.PRODUCER, parent: last.spanId, traceId: last.traceId });
      expect([dead!.links, seen]).toEqual([[letter.spanId], 'acme']);
    },
  );

  it.each(['publisher', 'none'] as const)(
    'has no call above the dead letter of an event that no handler was called with (parent: %s)',
    async (parent) => {
      telemetry.register();
      @Injectable()
      class Unordered {
        @OnEvent('unordered', { deadLetter: 'dead', orderBy: () => untyped(undefined) })
        handle(): void {}
      }
      const { publisher } = await boot({ observers: [openTelemetry({ parent })] }, Unordered);
      await publisher.publish('unordered', 1);
      const [publish, letter] = await ended('publish', 2);
      expect(telemetry.named('process unordered')).toEqual([]);
      expect(letter!.parent).toBe(parent === 'publisher' ? publish!.spanId : undefined);
    },
  );

  it('ends the span of a publish that failed with its error', async () => {
    telemetry.register();
    const { publisher } = await boot({ maxPayloadBytes: 400 });
    await expect(publisher.publish('orders:created', 'x'.repeat(400))).rejects.toThrow(PayloadTooLargeError);
    const [publish] = await ended('publish');
    expect(publish).toMatchObject({
      status: SpanStatusCode.ERROR,
      attributes: { 'error.type': 'EVENT_BUS_PAYLOAD_TOO_LARGE' },
    });
  });

  it.each([false, true])('keeps the context of each event of one tick (frames: %s)', async (frames) => {
    telemetry.register();
    const { publisher } = await boot({ codec: cloudEvents({ source: '/orders', frames }) }, Orders);
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(names.map((name) => telemetry.within(name, () => publisher.publish('orders:x', name))));
    await ended('process orders:*', names.length);
    const byId = new Map(telemetry.spans.map((span) => [span.spanId, span]));
    const origins = received.map(({ payload, metadata }) => {
      const publish = byId.get(String(metadata.traceparent).split('-')[2]!);
      return [payload, byId.get(publish!.parent!)!.name];
    });
    expect(origins).toEqual(names.map((name) => [name, name]));
    const processed = telemetry.named('process orders:*').map(({ traceId }) => traceId);
    expect(new Set(processed).size).toBe(names.length);
  });

  it('links the publish of many events to the span that created each', async () => {
    telemetry.register();
    const { publisher } = await boot({}, Orders);
    const events = [1, 2, 3].map((payload) => ({ channel: 'orders:x', payload }));
    await telemetry.within('POST', () => publisher.publishMany(events));
    const processed = await ended('process orders:*', 3);
    const [publish] = await ended('publish');
    const created = telemetry.named('create');
    expect(publish).toMatchObject({ kind: SpanKind.CLIENT, links: created.map(({ spanId }) => spanId) });
    expect(publish!.attributes).toMatchObject({
      'messaging.batch.message_count': 3,
      'messaging.destination.name': 'orders:x',
    });
    expect(created.map(({ kind }) => kind)).toEqual([1, 2, 3].map(() => SpanKind.PRODUCER));
    expect(processed.map(({ parent }) => parent)).toEqual(created.map(({ spanId }) => spanId));
    expect(created.map(({ parent }) => parent)).toEqual([1, 2, 3].map(() => publish!.parent));
  });

  it('sends the context of the publish with many events where createSpans is false', async () => {
    telemetry.register();
    const { publisher } = await boot({ observers: [openTelemetry({ createSpans: false })] }, Orders);
    const send = () =>
      publisher.publishMany([
        { channel: 'orders:x', payload: 1 },
        { channel: 'orders:y', payload: 2 },
      ]);
    await send();
    await send();
    const processed = await ended('process orders:*', 4);
    const [first, second] = await ended('publish', 2);
    expect(first).toMatchObject({ kind: SpanKind.PRODUCER, links: [] });
    expect(first!.attributes).not.toHaveProperty(['messaging.destination.name']);
    expect(processed.map(({ parent }) => String(parent)).toSorted()).toEqual(
      [first, first, second, second].map((span) => span!.spanId).toSorted(),
    );
  });

  it('keeps the traceparent of a publisher, and links to it', async () => {
    telemetry.register();
    const { publisher } = await boot({}, Orders);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await publisher.publish('orders:created', 1, { headers: { traceparent } });
    const [process] = await ended('process orders:*');
    expect(process).toMatchObject({ parent: 'b7ad6b7169203331', links: ['b7ad6b7169203331'] });
    expect(telemetry.named('publish')[0]).toMatchObject({
      kind: SpanKind.CLIENT,
      links: ['b7ad6b7169203331'],
    });
    expect(received[0]!.metadata).toMatchObject({ traceparent });
    expect(received[0]!.metadata).not.toHaveProperty('tracestate');
  });

  it('passes on that a trace is not sampled', async () => {
    telemetry.register(undefined, new ParentBasedSampler({ root: new AlwaysOffSampler() }));
    const { publisher } = await boot({}, Orders);
    await publisher.publish('orders:created', 1);
    await eventually(() => expect(received).toHaveLength(1));
    expect(received[0]!.metadata.traceparent).toMatch(/-00$/);
    expect(telemetry.spans).toEqual([]);
  });

  it('sends no headers and calls no hook where there is no SDK, and does with one', async () => {
    const methods = ['aroundPublish', 'aroundHandle', 'published', 'handled', 'failed', 'repeated'] as const;
    const observer = openTelemetry();
    expect(methods.filter((name) => observer[name] !== undefined)).toEqual([]);
    const { publisher } = await boot({ observers: [observer] }, Orders);
    await publisher.publish('orders:created', 1);
    await eventually(() => expect(received).toHaveLength(1));
    expect(Object.keys(received[0]!.metadata).filter((name) => /trace|baggage/.test(name))).toEqual([]);
    telemetry.register();
    telemetry.registerMeters();
    expect(methods.filter((name) => observer[name] !== undefined)).toEqual(methods);
  });

  it('says so where the SDK comes after the bus', async () => {
    const observer = openTelemetry();
    const early = { onModuleInit: () => void telemetry.register() };
    const { lines } = await boot({ observers: [observer] }, { provide: 'SDK', useValue: early }).then(
      (app) => ({
        lines: app.lines('warn'),
      }),
    );
    expect(lines).toEqual([expect.stringMatching(/has no spans.*node --import \.\/telemetry\.mjs/)]);
  });

  it('lets nothing reach the application that an exporter throws', async () => {
    const boom = () => {
      throw new Error('boom');
    };
    telemetry.register({ export: boom, shutdown: async () => undefined });
    const { publisher, counters } = await boot({}, Orders).then((app) => ({
      publisher: app.publisher,
      counters: () => app.counters,
    }));
    await expect(publisher.publish('orders:created', 1)).resolves.toBe(1);
    await expect(
      publisher.publishMany([1, 2].map((payload) => ({ channel: 'orders:x', payload }))),
    ).resolves.toEqual([1, 1]);
    await eventually(() => expect(received).toHaveLength(3));
    await eventually(() => expect(counters()).toMatchObject({ handled: 3, failed: 0 }));
  });

  it('keeps apart what several buses do', async () => {
    telemetry.register();
    const observer = openTelemetry();
    const broker = memoryBroker();
    const options = (name: string): BusOptions => ({
      transport: memory({ broker }),
      codec,
      observers: [observer],
      name,
    });
    const { app } = await start({ providers: [] }, options('default'), options('audit'));
    for (const name of ['default', 'audit']) {
      const publisher = app.get<EventBusPublisher>(eventBusToken(EventBusPublisher, name));
      await publisher.publish('x', 1);
    }
    expect(telemetry.named('publish')).toHaveLength(2);
    expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it('measures what was sent and handled by the names of the conventions, and by few attributes', async () => {
    telemetry.registerMeters();
    @Injectable()
    class Failing {
      @OnEvent('orders:*', { retry: { attempts: 2, delayMs: 0 } })
      handle(payload: unknown): void {
        if (payload === 0) throw new TypeError('no');
      }
    }
    const { publisher } = await boot({}, Failing);
    for (let n = 0; n < 50; n += 1) await publisher.publish(`orders:${n}`, n);
    await publisher.publish(OrderPaid, 1, { params: { id: '7' } });
    await expect(publisher.publish('a*', 1)).rejects.toThrow(InvalidChannelError);
    await eventually(async () => {
      const consumed = (await telemetry.measured()).get('messaging.client.consumed.messages');
      expect(consumed?.reduce((sum, { value }) => sum + (value as number), 0)).toBe(51);
    });
    const measured = await telemetry.measured();
    const points = (name: string) =>
      measured.get(name)!.map(({ attributes, value }) => ({
        ...attributes,
        n: typeof value === 'number' ? value : (value as { count: number }).count,
      }));
    const publish = {
      'messaging.system': 'memory',
      'messaging.operation.name': 'publish',
      'messaging.operation.type': 'send',
    };
    const sent = [
      { ...publish, n: 50 },
      { ...publish, 'messaging.destination.template': 'orders:<id>:paid', n: 1 },
      { ...publish, 'error.type': 'EVENT_BUS_INVALID_CHANNEL', n: 1 },
    ];
    expect(points('messaging.client.sent.messages')).toEqual(sent);
    expect(points('messaging.client.operation.duration')).toEqual(sent);
    const process = {
      'messaging.system': 'memory',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.template': 'orders:*',
      'event_bus.handler': 'Failing.handle',
    };
    const byFailure = (a: { n: number }, b: { n: number }) => a.n - b.n;
    expect(points('messaging.process.duration').toSorted(byFailure)).toEqual([
      { ...process, 'error.type': 'TypeError', n: 2 },
      { ...process, n: 50 },
    ]);
  });

  it.each<[unknown, RegExp]>([
    [{ parnt: 'none' }, /parnt.*is not an option\. Known options: parent, createSpans/],
    [{ parent: 'all' }, /parent.*must be 'publisher' or 'none'/],
    [{ destinationName: 'orders' }, /destinationName.*must be a function, e\.g\./],
    [null, /takes an object/],
  ])('refuses %j, and says what to write', (options, problem) => {
    const call = () => openTelemetry(untyped(options));
    expect(call).toThrow(InvalidOptionError);
    expect(call).toThrow(problem);
  });
});

it('is what the tests look at: without the observer there are only the spans of the application', async () => {
  telemetry.register();
  const { publisher } = await boot({ observers: [] }, Orders);
  await telemetry.within('POST', () => publisher.publish('orders:created', 1));
  await ended('work');
  expect(telemetry.spans.map(({ name }) => name).sort()).toEqual(['POST', 'work']);
  expect(trace.getActiveSpan()).toBeUndefined();
});
