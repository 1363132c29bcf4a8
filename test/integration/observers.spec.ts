import { AsyncLocalStorage } from 'node:async_hooks';
import type { Provider } from '@nestjs/common';
import { Controller, Injectable } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import type { EventBusModuleOptions, EventBusObserver } from 'nestjs-redis-event-bus';
import {
  EventBusModule,
  EventBusObservers,
  EventBusPublisher,
  InjectEventBusObservers,
  InvalidChannelError,
  InvalidOptionError,
  OnEvent,
  OnGap,
  PayloadDecodeError,
  PublishManyError,
  SubscriptionRefusedError,
  cloudEvents,
  defineEvent,
  eventBusToken,
  json,
  memory,
  memoryBroker,
  raw,
} from 'nestjs-redis-event-bus';
import { EventBusClient, EventBusServer } from 'nestjs-redis-event-bus/microservices';
import { EventBusTestingModule, EventBusFaults } from 'nestjs-redis-event-bus/testing';
import { lastValueFrom } from 'rxjs';
import { z } from 'zod';
import type { FactName } from '../../libs/event-bus/src/observing/event-bus.observer.js';
import { FACT_NAMES } from '../../libs/event-bus/src/observing/observer.registry.js';
import { eventually } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import type { BusOptions } from '../support/started.apps.js';
import { startedApps } from '../support/started.apps.js';
import { untyped } from '../support/untyped.js';

const { start, problemsOf } = startedApps();

type Told = Readonly<Record<string, unknown>>;

/** Takes every fact. */
class Facts {
  readonly told = new Inbox<readonly [FactName, Told]>();
  readonly observer = Object.fromEntries(
    FACT_NAMES.map((name) => [name, (fact: Told) => this.told.push([name, fact])]),
  ) as EventBusObserver;

  of(wanted: FactName): readonly Told[] {
    return this.told.items.filter(([name]) => name === wanted).map(([, fact]) => fact);
  }

  async first(wanted: FactName): Promise<Told> {
    await eventually(() => expect(this.of(wanted)).not.toEqual([]));
    return this.of(wanted)[0] as Told;
  }

  names(...wanted: readonly FactName[]): readonly FactName[] {
    return this.told.items.map(([name]) => name).filter((name) => wanted.includes(name));
  }
}

/** What ends when the test says so. */
class Gate {
  readonly started = new Inbox<unknown>();
  private open: () => void = () => undefined;
  private readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });

  pass(payload: unknown): Promise<void> {
    this.started.push(payload);
    return this.opened;
  }

  end(): void {
    this.open();
  }
}

const MS = expect.any(Number);
const boom = () => {
  throw new Error('boom');
};

/** A class whose handler does this. */
function ordersWith(handle: (payload: unknown) => unknown, options: Parameters<typeof OnEvent>[1] = {}) {
  class Orders {
    @OnEvent('orders', options)
    handle(payload: unknown): unknown {
      return handle(payload);
    }
  }
  return Orders;
}

describe('An observer', () => {
  let facts: Facts;
  beforeEach(() => {
    facts = new Facts();
  });

  const startWith = (provider: Provider, options: Partial<BusOptions> = {}) =>
    start({ providers: [provider] }, { transport: memory(), observers: [facts.observer], ...options });

  it('takes what becomes of an event, with its sizes and times', async () => {
    class Orders {
      @OnEvent('orders:*')
      handle(): void {}
    }
    const created = defineEvent('orders:<id>', z.object({ id: z.string() }));
    const { publisher } = await startWith(Orders, { prefix: 'shop:' });
    await publisher.publish('orders:7', { id: '7' });
    await publisher.publishMany([{ channel: created, payload: { id: '8' }, params: { id: '8' } }]);
    await eventually(() => expect(facts.of('handled')).toHaveLength(2));
    const first = { bus: 'default', channel: 'orders:7', bytes: 10 };
    const sent = { kind: 'channel', subscriptions: 1, tookMs: MS };
    expect(facts.of('received')[0]).toEqual({
      ...first,
      through: { kind: 'pattern', name: 'shop:orders:*' },
      events: 1,
    });
    // Its bytes are counted when they are read.
    const published = facts.of('published').map((fact) => ({ ...fact, bytes: fact['bytes'] }));
    expect(published).toEqual([
      { ...first, ...sent, payload: { id: '7' } },
      { ...first, ...sent, channel: 'orders:8', template: 'orders:<id>', payload: { id: '8' } },
    ]);
    expect(facts.of('handled')[0]).toEqual({
      bus: 'default',
      handler: 'Orders.handle',
      target: 'orders:*',
      event: expect.objectContaining({ channel: 'orders:7', payload: { id: '7' } }),
      waitedMs: 0,
      tookMs: MS,
      attempt: 1,
    });
    expect(facts.of('handled')[0]?.['tookMs']).toBeGreaterThan(0);
  });

  it('takes how the bus starts and ends', async () => {
    const { app } = await startWith(ordersWith(() => undefined));
    await app.close();
    expect(facts.names('subscribed', 'started', 'stateChanged')).toEqual([
      'stateChanged',
      'subscribed',
      'started',
      'stateChanged',
    ]);
    expect(facts.of('started')).toEqual([
      { bus: 'default', transport: 'memory', address: expect.any(String), handlers: 1, subscriptions: 1 },
    ]);
    expect(facts.of('subscribed')).toEqual([
      { bus: 'default', targets: [{ kind: 'channel', name: 'orders' }] },
    ]);
    expect(facts.of('stateChanged').map(({ state }) => state)).toEqual(['ready', 'closed']);
    expect(facts.of('noted')[0]).toMatchObject({
      level: 'debug',
      sentence: expect.stringContaining('Orders'),
    });
  });

  it('takes each failed call, and the dead letter that follows', async () => {
    const { publisher } = await startWith(
      ordersWith(boom, { retry: { attempts: 2, delayMs: 1 }, deadLetter: 'dead' }),
    );
    await publisher.publish('orders', 1);
    await facts.first('deadLettered');
    expect(facts.names('repeated', 'failed', 'published', 'deadLettered', 'handled')).toEqual([
      'published',
      'repeated',
      'failed',
      'published',
      'deadLettered',
    ]);
    const call = { handler: 'Orders.handle', target: 'orders', error: new Error('boom') };
    expect(facts.of('repeated')).toEqual([expect.objectContaining({ ...call, attempt: 1 })]);
    expect(facts.of('failed')).toEqual([
      expect.objectContaining({ ...call, attempt: 2, stage: 'handler', isRefusal: false }),
    ]);
    expect(facts.of('deadLettered')).toEqual([
      {
        bus: 'default',
        deadLetter: 'dead',
        letter: expect.objectContaining({ handler: 'Orders.handle', attempts: 2 }),
      },
    ]);
  });

  it('learns in the hook of a dead letter with which event the handler failed', async () => {
    const failed: unknown[] = [];
    const hook: EventBusObserver = {
      aroundPublish: ({ channel, deadLetterOf }, next) => {
        failed.push([channel, deadLetterOf]);
        next(undefined, () => undefined);
      },
    };
    const { publisher } = await startWith(ordersWith(boom, { deadLetter: 'dead' }), {
      observers: [facts.observer, hook],
    });
    await publisher.publish('orders', 1);
    await facts.first('deadLettered');
    expect(failed).toEqual([
      ['orders', undefined],
      ['dead', facts.of('failed')[0]!['event']],
    ]);
  });

  it('takes dead letters that are lost', async () => {
    const { publisher } = await startWith(ordersWith(boom, { deadLetter: 'dead' }), { maxPayloadBytes: 30 });
    await publisher.publish('orders', 1);
    expect(await facts.first('deadLetterLost')).toMatchObject({
      deadLetter: 'dead',
      letter: { handler: 'Orders.handle' },
      reason: expect.any(String),
    });
  });

  it('takes publishes that fail, and messages that nobody can read', async () => {
    const broker = memoryBroker();
    const { publisher } = await startWith(
      ordersWith(() => undefined),
      { transport: memory({ broker }) },
    );
    await expect(publisher.publish('orders:*', 1)).rejects.toThrow(InvalidChannelError);
    const event = { channel: '', payload: 1, kind: 'shard' } as const;
    await expect(publisher.publishMany([event])).rejects.toThrow(PublishManyError);
    const paid = defineEvent('orders:<id>', undefined, { sharded: true });
    await expect(publisher.publish(paid, 1, { params: { id: '' } })).rejects.toThrow(InvalidChannelError);
    const failure = { bus: 'default', error: expect.any(Error), tookMs: MS };
    expect(facts.of('publishFailed')).toEqual([
      { ...failure, channel: 'orders:*', kind: 'channel' },
      { ...failure, channel: '', kind: 'shard' },
      { ...failure, channel: 'orders:<id>', template: 'orders:<id>', kind: 'shard' },
    ]);
    const sender = await start({}, { transport: memory({ broker }), codec: raw() });
    await sender.publisher.publish('orders', Buffer.from('{'));
    expect(await facts.first('rejected')).toEqual({
      bus: 'default',
      channel: 'orders',
      error: expect.any(PayloadDecodeError),
      events: 1,
    });
  });

  it('takes a handler that is too slow, until it has caught up', async () => {
    const gate = new Gate();
    const { publisher } = await startWith(
      ordersWith((payload) => gate.pass(payload), { buffer: { events: 2 } }),
    );
    for (const n of [1, 2, 3, 4]) await publisher.publish('orders', n);
    await facts.first('dropped');
    gate.end();
    await facts.first('caughtUp');
    expect(facts.names('slowed', 'dropped', 'caughtUp', 'gap')).toEqual([
      'slowed',
      'dropped',
      'caughtUp',
      'gap',
    ]);
    expect(facts.of('slowed')).toEqual([
      {
        bus: 'default',
        handler: 'Orders.handle',
        waitingEvents: 1,
        waitingBytes: 1,
        buffer: expect.objectContaining({ events: 2, overflow: 'drop-oldest' }),
      },
    ]);
    expect(facts.of('dropped')[0]).toMatchObject({ handler: 'Orders.handle', event: { payload: 2 } });
    expect(facts.of('caughtUp')[0]).toMatchObject({ droppedEvents: 1, fromMs: MS });
    expect(facts.of('gap')[0]).toMatchObject({ bus: 'default', reason: 'buffer-overflow', missed: 1 });
    await eventually(() => expect(facts.of('handled')).toHaveLength(3));
    expect(facts.of('handled')[1]?.['waitedMs']).toBeGreaterThan(0);
  });

  it('takes a call that does not end, and that it has ended after all', async () => {
    const gate = new Gate();
    const { publisher } = await startWith(ordersWith((payload) => gate.pass(payload), { stuckAfterMs: 10 }));
    await publisher.publish('orders', 1);
    expect(await facts.first('stuck')).toEqual({
      bus: 'default',
      call: 'handler',
      handler: 'Orders.handle',
      channel: 'orders',
      forMs: MS,
      waitingEvents: 0,
    });
    gate.end();
    expect(await facts.first('unstuck')).toEqual({
      bus: 'default',
      handler: 'Orders.handle',
      channel: 'orders',
    });
  });

  it('takes events that another instance of the group has', async () => {
    const broker = memoryBroker();
    const options = { transport: memory({ broker }), codec: cloudEvents({ source: '/a' }) };
    const orders = () => ordersWith(() => undefined, { group: 'billing' });
    const { publisher } = await startWith(orders(), options);
    await startWith(orders(), options);
    await publisher.publish('orders', 1);
    expect(await facts.first('leftToGroup')).toMatchObject({
      handler: 'Orders.handle',
      event: { channel: 'orders' },
    });
  });

  it('takes failures of @OnGap methods and of listeners, and events that a stream did not get', async () => {
    class Reconciler {
      @OnGap()
      reconcile(): void {
        boom();
      }
    }
    const { publisher, status, subscriber, app } = await startWith(Reconciler);
    status.changes.subscribe().add(boom);
    const events = subscriber.stream('orders', { buffer: { events: 1 } })[Symbol.asyncIterator]();
    const first = events.next();
    await eventually(async () => expect(await publisher.publish('orders', 1)).toBe(1));
    await first;
    for (const n of [2, 3]) await publisher.publish('orders', n);
    expect(await facts.first('streamDropped')).toEqual({ bus: 'default', target: 'orders' });
    await events.return?.(undefined);
    const gate = new Gate();
    await subscriber.subscribe('slow', (payload) => gate.pass(payload), { buffer: { events: 1 } });
    for (const n of [1, 2, 3]) await publisher.publish('slow', n);
    gate.end();
    expect(await facts.first('gapHandlerFailed')).toEqual({
      bus: 'default',
      handler: 'Reconciler.reconcile',
      error: new Error('boom'),
    });
    await app.close();
    expect(facts.of('listenerFailed')).toEqual([
      { bus: 'default', listener: 'EventBusStatus', error: expect.any(Error) },
    ]);
  });

  it('takes subscriptions that the broker denies', async () => {
    const started = await start(
      { imports: [EventBusTestingModule.forRoot()], providers: [] },
      { transport: memory(), observers: [facts.observer] },
    );
    started.app.get(EventBusFaults).deny('orders');
    await expect(started.subscriber.subscribe('orders', () => undefined)).rejects.toThrow(
      SubscriptionRefusedError,
    );
    expect(facts.of('denied')[0]).toEqual({
      bus: 'default',
      targets: [{ kind: 'channel', name: 'orders' }],
    });
  });

  it('takes warnings that are no fact of their own', async () => {
    const orders = ordersWith(() => undefined);
    await start(
      { providers: [orders, { provide: 'twin', useClass: orders }] },
      { transport: memory(), observers: [facts.observer] },
    );
    expect(facts.of('warned')).toEqual([
      {
        bus: 'default',
        sentence: expect.stringContaining('Orders.handle is registered 2 times'),
        fields: {},
      },
    ]);
  });

  it('is added by whoever injects the observers of a bus, and removed again', async () => {
    const added: (() => void)[] = [];
    @Injectable()
    class Metrics {
      constructor(observers: EventBusObservers, @InjectEventBusObservers('audit') audit: EventBusObservers) {
        added.push(observers.add(facts.observer), audit.add(facts.observer));
      }
    }
    const { app, publisher } = await start(
      { providers: [Metrics, ordersWith(() => undefined)] },
      { transport: memory() },
      { transport: memory(), name: 'audit' },
    );
    await publisher.publish('orders', 1);
    const audit = app.get<EventBusPublisher>(eventBusToken(EventBusPublisher, 'audit'));
    await audit.publish('orders', 1);
    expect(facts.of('published').map(({ bus }) => bus)).toEqual(['default', 'audit']);
    expect(facts.of('handled')).toHaveLength(1);
    for (const remove of added) remove();
    await publisher.publish('orders', 2);
    expect(facts.of('published')).toHaveLength(2);
  });

  it('wraps publishes and calls of handlers, of modules, servers and clients', async () => {
    const broker = memoryBroker();
    const store = new AsyncLocalStorage<string>();
    const wrapped: string[] = [];
    const around = (side: string): EventBusObserver => ({
      aroundPublish: ({ channel }, next) => {
        wrapped.push(`${side} publishes on ${channel} in ${store.getStore()}`);
        return next();
      },
      aroundHandle:
        ({ name }) =>
        ({ channel }, next) => {
          wrapped.push(`${side}: ${name} gets ${channel}`);
          return next();
        },
    });
    @Controller()
    class Bills {
      @EventPattern('bills')
      bill(_order: unknown): void {}
    }
    const options = (side: string) => ({
      transport: memory({ broker }),
      codec: json(),
      observers: [around(side)],
    });
    const { app, publisher } = await start(
      { controllers: [Bills], providers: [ordersWith(() => undefined)] },
      options('module'),
    );
    app.connectMicroservice({ strategy: new EventBusServer(options('server')) });
    await app.startAllMicroservices();
    await store.run('a request', () => publisher.publish('orders', 1));
    const client = new EventBusClient(options('client'));
    await store.run('a request', () => lastValueFrom(client.emit('bills', 1), { defaultValue: 0 }));
    await eventually(() => expect(wrapped).toHaveLength(4));
    expect(wrapped).toEqual([
      'module publishes on orders in a request',
      'module: Orders.handle gets orders',
      'client publishes on bills in a request',
      expect.stringMatching(/^server: .* gets bills$/),
    ]);
    await client.close();
  });

  it('is told the group of a handler, and which call of it for an event of which size it wraps', async () => {
    const told: unknown[] = [];
    const observer: EventBusObserver = {
      aroundHandle:
        ({ group }) =>
        (_event, next, { attempt, bytes }) => {
          told.push([group, attempt, bytes]);
          return next();
        },
    };
    @Injectable()
    class Orders {
      @OnEvent('orders', { group: 'billing', retry: { attempts: 3, delayMs: 0 } })
      handle(): void {
        if (told.length < 3) throw new Error('not yet');
      }
    }
    const codec = cloudEvents({ source: '/orders' });
    const { publisher } = await startWith(Orders, { observers: [facts.observer, observer], codec });
    await publisher.publish('orders', 1);
    await eventually(() => expect(told).toHaveLength(3));
    const { bytes } = await facts.first('received');
    expect(told).toEqual([1, 2, 3].map((attempt) => ['billing', attempt, bytes]));
  });

  it('makes the calls of the transport in a context of its own, and no others', async () => {
    const store = new AsyncLocalStorage<string>();
    const made: unknown[] = [];
    const observer: EventBusObserver = {
      aroundTransport: ({ transport, codec }) => {
        made.push(transport, codec);
        return (next) => store.run('transport', next);
      },
    };
    const broker = memoryBroker();
    const inner = memory({ broker });
    const noting = (name: string) => made.push(`${name} in ${store.getStore()}`);
    const transport = {
      name: inner.name,
      problems: inner.problems,
      create: (...args: Parameters<typeof inner.create>) => {
        const created = inner.create(...args);
        const connect = created.connect.bind(created);
        const publish = created.publish.bind(created);
        return Object.assign(created, {
          connect: () => (noting('connect'), connect()),
          publish: (...sent: Parameters<typeof publish>) => (noting('publish'), publish(...sent)),
        });
      },
    };
    const { publisher } = await startWith(
      ordersWith(() => noting('handle')),
      { transport, observers: [observer] },
    );
    await store.run('a request', async () => {
      await publisher.publish('orders', 1);
      noting('publisher');
    });
    await eventually(() => expect(made).toContain('handle in undefined'));
    expect(made).toEqual([
      'memory',
      'json',
      'connect in transport',
      'publish in transport',
      'handle in undefined',
      'publisher in a request',
    ]);
  });

  it('that was added late wraps the handlers that are there, until it is removed', async () => {
    const { app, publisher } = await start(
      { providers: [ordersWith(() => undefined)] },
      { transport: memory() },
    );
    const wrapped: string[] = [];
    const remove = app.get(EventBusObservers).add({
      aroundHandle: ({ name }) => {
        return (_event, next) => {
          wrapped.push(name);
          return next();
        };
      },
    });
    await publisher.publish('orders', 1);
    remove();
    await publisher.publish('orders', 2);
    expect(wrapped).toEqual(['Orders.handle']);
  });

  it('has a hook that does not end reported, and its event handled all the same', async () => {
    const never = () => new Promise<never>(() => undefined);
    const hook: EventBusObserver = {
      aroundPublish: (_publish, next) => next().then(never),
      aroundHandle: () => async (_event, next) => {
        await next();
        await never();
      },
    };
    const { publisher } = await startWith(
      ordersWith(async () => undefined),
      { observers: [facts.observer, hook], handlerDefaults: { stuckAfterMs: 20 } },
    );
    for (const n of [1, 2]) await publisher.publish('orders', n);
    await eventually(() => expect(facts.of('stuck')).toHaveLength(4));
    expect(facts.of('handled')).toHaveLength(2);
    const hooks = facts.of('stuck').map(({ call, handler, channel }) => [call, handler, channel].join(' '));
    expect([...new Set(hooks)].sort()).toEqual([
      'hook Object.aroundHandle orders',
      'hook Object.aroundPublish orders',
    ]);
  });

  it('comes from the options of a factory', async () => {
    const options: EventBusModuleOptions = { transport: memory(), observers: [facts.observer] };
    const { app } = await start({ imports: [EventBusModule.forRootAsync({ useFactory: () => options })] });
    await app.get(EventBusPublisher).publish('orders', 1);
    expect(facts.of('published')).toHaveLength(1);
  });

  it('is refused where it can take nothing, with what it could take', async () => {
    const { app } = await start({}, { transport: memory() });
    expect(() => app.get(EventBusObservers).add(untyped({ onHandled: boom }))).toThrow(InvalidOptionError);
    const observers = [facts.observer, {}];
    expect(await problemsOf({}, { transport: memory(), observers })).toEqual([
      expect.stringMatching(
        /^observers\[1\] must be an object with at least one method of EventBusObserver: /,
      ),
    ]);
    expect(await problemsOf({}, { transport: memory(), observers: untyped({}) })).toEqual([
      'observers must be an array, e.g. observers: [new MyObserver()].',
    ]);
  });
});
