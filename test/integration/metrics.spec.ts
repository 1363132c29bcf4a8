import { Injectable, Module } from '@nestjs/common';
import type { ModuleMetadata, Provider, Type } from '@nestjs/common';
import type { MemoryBroker } from 'nestjs-redis-event-bus';
import {
  EventBusPublisher,
  InvalidChannelError,
  OnEvent,
  PayloadInvalidError,
  defineEvent,
  eventBusToken,
  memory,
  memoryBroker,
  raw,
} from 'nestjs-redis-event-bus';
import { EventBusMetricsModule } from 'nestjs-redis-event-bus/prometheus';
import type { EventBusMetricsOptions } from 'nestjs-redis-event-bus/prometheus';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { METRICS } from '../../libs/event-bus/src/prometheus/metric.definitions.js';
import { eventually } from '../support/eventually.js';
import type { MetricText } from '../support/prometheus.text.js';
import { parseMetrics, sumOf } from '../support/prometheus.text.js';
import type { TestRegistry } from '../support/prometheus.clients.js';
import { describeClients } from '../support/prometheus.clients.js';
import type { BusOptions, StartedApp } from '../support/started.apps.js';
import { startedApps } from '../support/started.apps.js';
import { untyped } from '../support/untyped.js';

const { start, problemsOf } = startedApps();

type Scrape = ReadonlyMap<string, MetricText>;

async function scrape(registry: TestRegistry): Promise<Scrape> {
  return parseMetrics(await registry.metrics());
}

const linesIn = (metrics: Scrape) =>
  [...metrics.values()].reduce((sum, { samples }) => sum + samples.length, 0);

/** Starts an application whose bus has these metrics. */
function startWith(
  registry: TestRegistry,
  providers: readonly Provider[],
  bus: Partial<BusOptions> = {},
  options: Partial<EventBusMetricsOptions> = {},
): Promise<StartedApp> {
  const imports = [EventBusMetricsModule.forRoot({ registry, ...options })];
  return start({ imports, providers: [...providers] }, { transport: memory(), ...bus });
}

const orderPaid = defineEvent('orders:<id>:paid', z.object({ cents: z.number() }));

describeClients('Metrics', (newRegistry) => {
  let registry: TestRegistry;
  beforeEach(async () => {
    registry = await newRegistry();
  });

  it('are the numbers of what was sent and handled, in the format of Prometheus', async () => {
    let failures = 0;
    @Injectable()
    class Orders {
      @OnEvent(orderPaid)
      paid(): void {}

      @OnEvent('orders:created', { retry: { attempts: 2, delayMs: 1 } })
      created(payload: unknown): void {
        if (payload !== 'broken') return;
        failures += 1;
        throw new Error('broken');
      }
    }
    const { publisher } = await startWith(registry, [Orders], { prefix: 'shop:' });
    for (let cents = 0; cents < 30; cents += 1)
      await publisher.publish(orderPaid, { cents }, { params: { id: String(cents) } });
    for (const payload of ['fine', 'broken', 'fine']) await publisher.publish('orders:created', payload);
    await publisher.publish('nobody:listens', 1);
    await expect(publisher.publish('orders:*', 1)).rejects.toThrow(InvalidChannelError);
    // A payload that does not fit is refused before it is sent.
    await expect(publisher.publish(orderPaid, untyped('?'), { params: { id: '1' } })).rejects.toThrow(
      PayloadInvalidError,
    );
    await eventually(() => expect(failures).toBe(2));
    await eventually(async () => {
      const metrics = await scrape(registry);
      const outcomes = (outcome: string, labels = {}) =>
        sumOf(metrics, 'event_bus_handled_total', { outcome, ...labels });
      const ofPaid = { channel_template: 'orders:<id>:paid', kind: 'channel' };
      const published = (labels: Readonly<Record<string, string>>) =>
        sumOf(metrics, 'event_bus_published_total', labels);
      expect(published({ ...ofPaid, outcome: 'ok' })).toBe(30);
      expect(published({ ...ofPaid, outcome: 'failed' })).toBe(1);
      expect(published({ channel_template: 'other', outcome: 'ok' })).toBe(3);
      expect(published({ channel_template: 'other', outcome: 'nobody' })).toBe(1);
      expect(published({ channel_template: 'other', outcome: 'failed' })).toBe(1);
      expect(sumOf(metrics, 'event_bus_received_total', { target: 'orders:<id>:paid' })).toBe(30);
      expect(sumOf(metrics, 'event_bus_received_total', { target: 'orders:created' })).toBe(3);
      expect(sumOf(metrics, 'event_bus_received_total')).toBe(33);
      expect(outcomes('ok', { handler: 'Orders.paid', target: 'orders:<id>:paid' })).toBe(30);
      expect(outcomes('ok', { handler: 'Orders.created', target: 'orders:created' })).toBe(2);
      expect(outcomes('failed')).toBe(1);
      expect(sumOf(metrics, 'event_bus_handler_retries_total', { handler: 'Orders.created' })).toBe(1);
      expect(sumOf(metrics, 'event_bus_handler_duration_seconds_count', { handler: 'Orders.paid' })).toBe(30);
      expect(sumOf(metrics, 'event_bus_handler_duration_seconds_count', { handler: 'Orders.created' })).toBe(
        4,
      );
      expect(sumOf(metrics, 'event_bus_handler_duration_seconds_sum')).toBeGreaterThan(0);
      expect(sumOf(metrics, 'event_bus_handler_wait_seconds_count')).toBe(33);
      expect(sumOf(metrics, 'event_bus_ready', { bus: 'default' })).toBe(1);
      const active = { kind: 'pattern', state: 'active' };
      expect(sumOf(metrics, 'event_bus_subscriptions', active)).toBe(1);
    });
  });

  it('are there while a handler runs', async () => {
    let end!: () => void;
    const gate = new Promise<void>((resolve) => (end = resolve));
    class Slow {
      @OnEvent('slow')
      handle(): Promise<void> {
        return gate;
      }
    }
    const { publisher } = await startWith(registry, [Slow]);
    for (const payload of [1, 2, 3]) await publisher.publish('slow', payload);
    await eventually(async () => {
      const metrics = await scrape(registry);
      expect(sumOf(metrics, 'event_bus_running_calls')).toBe(1);
      expect(sumOf(metrics, 'event_bus_waiting_events', { handler: 'Slow.handle' })).toBe(2);
      expect(sumOf(metrics, 'event_bus_handled_total', { handler: 'Slow.handle' })).toBe(0);
    });
    end();
    await eventually(async () => {
      const metrics = await scrape(registry);
      expect(sumOf(metrics, 'event_bus_running_calls')).toBe(0);
      expect(sumOf(metrics, 'event_bus_handled_total', { outcome: 'ok' })).toBe(3);
    });
  });

  it('have as many lines after 10,000 channels as after 10', async () => {
    let handled = 0;
    class Orders {
      @OnEvent('orders:*')
      handle(): void {
        handled += 1;
      }
    }
    const { publisher, subscriber } = await startWith(registry, [Orders]);
    const publishTo = async (from: number, to: number) => {
      const events = Array.from({ length: to - from }, (_, n) => ({
        channel: `orders:${from + n}`,
        payload: 1,
      }));
      await publisher.publishMany(events);
    };
    const listenTo = async (name: string) => {
      const listener = await subscriber.subscribe([name, `${name}:*`], () => undefined);
      await publisher.publish(name, 1);
      await publisher.publish(`${name}:a`, 1);
      return listener.unsubscribe();
    };
    await publishTo(0, 10);
    await listenTo('first');
    await eventually(() => expect(handled).toBe(10));
    const before = linesIn(await scrape(registry));
    for (let from = 10; from < 10_000; from += 1_110) await publishTo(from, from + 1_110);
    for (let n = 0; n < 100; n += 1) await listenTo(`user-${n}`);
    await eventually(() => expect(handled).toBe(10_000));
    const metrics = await scrape(registry);
    expect(linesIn(metrics)).toBe(before);
    expect(JSON.stringify([...metrics])).not.toMatch(/orders:\d|user-\d/);
    // Control: nothing of them is lost.
    expect(sumOf(metrics, 'event_bus_published_total', { channel_template: 'other' })).toBe(10_202);
    expect(sumOf(metrics, 'event_bus_received_total', { target: 'orders:*' })).toBe(10_000);
    await eventually(async () => {
      const after = await scrape(registry);
      expect(sumOf(after, 'event_bus_received_total', { target: 'other' })).toBe(202);
      expect(sumOf(after, 'event_bus_handled_total', { handler: 'listener', target: 'other' })).toBe(202);
    });
  });

  it('of 100 handlers are at most 200 KB', async () => {
    const handlers = Array.from({ length: 100 }, (_, n) => {
      const type = { [`OrderNotifier${n}`]: class {} }[`OrderNotifier${n}`] as Type;
      const descriptor = { value: () => undefined, configurable: true, writable: true };
      Object.defineProperty(type.prototype, 'notify', descriptor);
      const target = `orders:${n}:<orderId>:created`;
      (OnEvent(target) as MethodDecorator)(type.prototype as object, 'notify', descriptor);
      return type;
    });
    const { publisher } = await startWith(registry, handlers);
    for (let n = 0; n < 100; n += 1) await publisher.publish(`orders:${n}:a:created`, 1);
    await eventually(async () => {
      const metrics = await scrape(registry);
      expect(sumOf(metrics, 'event_bus_handled_total', { outcome: 'ok' })).toBe(100);
    });
    const text = await registry.metrics();
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(200_000);
    // Control: every handler has its histogram.
    expect(text.match(/handler_duration_seconds_count/g)).toHaveLength(100);
  });

  it('keep the buses of an application apart', async () => {
    class Orders {
      @OnEvent('orders')
      handle(): void {}

      @OnEvent('audit', { bus: 'audit' })
      audit(): void {}
    }
    const imports = ['default', 'audit'].map((bus) => EventBusMetricsModule.forRoot({ registry, bus }));
    const { app } = await start(
      { imports, providers: [Orders] },
      { transport: memory() },
      { transport: memory(), name: 'audit' },
    );
    const audit = app.get<EventBusPublisher>(eventBusToken(EventBusPublisher, 'audit'));
    await audit.publish('audit', 1);
    await audit.publish('audit', 2);
    await app.get(EventBusPublisher).publish('orders', 1);
    await eventually(async () => {
      const metrics = await scrape(registry);
      expect(sumOf(metrics, 'event_bus_handled_total', { bus: 'audit', handler: 'Orders.audit' })).toBe(2);
      expect(sumOf(metrics, 'event_bus_handled_total', { bus: 'default' })).toBe(1);
      expect(sumOf(metrics, 'event_bus_ready')).toBe(2);
    });
  });

  it('leave the registry with their application, for the next one', async () => {
    for (const _ of [1, 2]) {
      const { app } = await startWith(registry, []);
      expect(sumOf(await scrape(registry), 'event_bus_ready')).toBe(1);
      await app.close();
      expect(await registry.metrics()).not.toContain('event_bus');
    }
  });

  it('outlive a reset of the registry, and OpenMetrics', async () => {
    const { publisher } = await startWith(registry, []);
    await publisher.publish('orders', 1);
    registry.resetMetrics();
    expect(sumOf(await scrape(registry), 'event_bus_published_total', { outcome: 'nobody' })).toBe(1);
    registry.setContentType(untyped('application/openmetrics-text; version=1.0.0; charset=utf-8'));
    for (const _ of [1, 2])
      expect(await registry.metrics()).toMatch(
        /^event_bus_published_total\{bus="default",channel_template="other",kind="channel",outcome="nobody"\} 1$/m,
      );
  });

  it('fail the start when the registry has another metric of a name', async () => {
    const taken = {
      name: 'event_bus_gaps_total',
      help: 'Gaps.',
      type: 'counter',
      get: () => ({ values: [] }),
    };
    registry.registerMetric(untyped(taken));
    const imports = [EventBusMetricsModule.forRoot({ registry })];
    expect(await problemsOf({ imports }, { transport: memory() })).toEqual([
      expect.stringMatching(
        /cannot register event_bus_gaps_total \(.*already been registered.*\)\. Set another prefix/,
      ),
    ]);
    expect(registry.getSingleMetric?.('event_bus_published_total')).toBeUndefined();
  });
});

describe('EventBusMetricsModule', () => {
  const registry = () => new Registry();
  const problemsWith = (options: unknown) =>
    problemsOf({ imports: [EventBusMetricsModule.forRoot(untyped(options))] }, { transport: memory() });

  it.each<[string, unknown, string]>([
    ['no options', undefined, 'options are missing. Write { registry: register }.'],
    ['no registry', {}, 'registry must have registerMetric.'],
    ['something else as registry', { registry: {} }, 'registry must have registerMetric.'],
    [
      'an unknown option',
      { registry: registry(), label: 1 },
      'label is not an option. Known options: registry, prefix, buckets, bus.',
    ],
    ['a prefix with a dash', { registry: registry(), prefix: 'event-bus' }, 'prefix must be letters'],
    ['no buckets', { registry: registry(), buckets: [] }, 'buckets must be an array of 1 to 50'],
    ['buckets without order', { registry: registry(), buckets: [1, 1] }, 'buckets must be an array'],
    ['buckets without an end', { registry: registry(), buckets: [1, Infinity] }, 'buckets must be an array'],
    ['an empty bus', { registry: registry(), bus: '' }, 'bus must be the name of a bus'],
    [
      'a bus that is none',
      { registry: registry(), bus: 'audit' },
      'finds no bus "audit". Import EventBusModule with that name',
    ],
  ])('fails the start with %s, and says what to write', async (_what, options, problem) => {
    expect(await problemsWith(options)).toEqual([expect.stringContaining(problem)]);
  });

  const asyncProblemsWith = (options: unknown, more: ModuleMetadata = {}) =>
    problemsOf(
      { ...more, imports: [EventBusMetricsModule.forRootAsync(untyped(options))] },
      { transport: memory() },
    );

  it('takes options from a factory, which injects what its modules provide', async () => {
    const shared = registry();
    @Module({ providers: [{ provide: 'REGISTRY', useValue: shared }], exports: ['REGISTRY'] })
    class RegistryModule {}
    class Orders {
      @OnEvent('audit', { bus: 'audit' })
      audit(): void {}
    }
    const imports = [
      EventBusMetricsModule.forRootAsync({
        bus: 'audit',
        imports: [RegistryModule],
        inject: ['REGISTRY'],
        useFactory: async (found: Registry) => ({ registry: found, prefix: 'shop', buckets: [1] }),
      }),
    ];
    await start(
      { imports, providers: [Orders] },
      { transport: memory() },
      { transport: memory(), name: 'audit' },
    );
    const metrics = parseMetrics(await shared.metrics());
    expect(sumOf(metrics, 'shop_ready', { bus: 'audit' })).toBe(1);
    expect(sumOf(metrics, 'shop_handled_total', { handler: 'Orders.audit', outcome: 'ok' })).toBe(0);
  });

  it('takes options from a class', async () => {
    const shared = registry();
    class Options {
      createEventBusMetricsOptions() {
        return { registry: shared };
      }
    }
    const imports = [EventBusMetricsModule.forRootAsync({ useClass: Options })];
    await start({ imports }, { transport: memory() });
    expect(sumOf(parseMetrics(await shared.metrics()), 'event_bus_ready')).toBe(1);
  });

  it.each<[string, unknown, string]>([
    ['no options', undefined, 'forRootAsync(…) has no options. Write useFactory: () => ({ … }).'],
    ['no factory', { inject: [] }, 'one of useFactory, useClass, useExisting must make the options.'],
    [
      'an option beside the factory that it should return',
      { registry: registry(), useFactory: () => ({}) },
      'registry is not an option. Known options: bus, imports, inject, useFactory, useClass, useExisting, provideInjectionTokensFrom. All others are returned by useFactory.',
    ],
    ['an empty bus', { bus: '', useFactory: () => ({}) }, 'bus must be the name of a bus'],
    ['a factory that returns nothing', { useFactory: () => undefined }, 'useFactory must return an object'],
    [
      'a factory that returns the bus',
      { useFactory: () => ({ registry: registry(), bus: 'audit' }) },
      'bus is needed before useFactory is called. Write it beside useFactory, not in its result.',
    ],
    [
      'a factory that returns no registry',
      { useFactory: async () => ({}) },
      'registry must have registerMetric.',
    ],
  ])('fails the start with %s in forRootAsync, and says what to write', async (_what, options, problem) => {
    expect(await asyncProblemsWith(options)).toEqual([expect.stringContaining(problem)]);
  });

  it('takes its metrics out of the registry when another bus of the application cannot start', async () => {
    const shared = registry();
    class Orders {
      @OnEvent('', { bus: 'broken' })
      handle(): void {}
    }
    const imports = [EventBusMetricsModule.forRoot({ registry: shared })];
    const buses = [{ transport: memory() }, { transport: memory(), name: 'broken' }];
    await problemsOf({ imports, providers: [Orders] }, ...buses);
    expect(shared.getMetricsAsArray()).toEqual([]);
  });

  it('refuses a second bus of one name in one registry', async () => {
    const shared = registry();
    const imports = [1, 2].map(() => EventBusMetricsModule.forRoot({ registry: shared }));
    expect(await problemsOf({ imports }, { transport: memory() })).toEqual([
      expect.stringContaining('has metrics of a bus "default" with the prefix "event_bus" already'),
    ]);
  });

  it('has a bounded number of lines also where an application makes a contract for each channel', async () => {
    const shared = registry();
    const { publisher } = await startWith(shared, []);
    for (let n = 0; n < 1_500; n += 1) await publisher.publish(defineEvent(`users:${n}`), 1);
    const metrics = parseMetrics(await shared.metrics());
    const templates = new Set(
      metrics.get('event_bus_published_total')?.samples.map(({ labels }) => labels['channel_template']),
    );
    expect(templates.size).toBe(1_001);
    expect(sumOf(metrics, 'event_bus_published_total')).toBe(1_500);
    expect(sumOf(metrics, 'event_bus_published_total', { channel_template: 'other' })).toBe(500);
  });

  const broken = () => {
    throw new Error('out of order');
  };

  it('fails the start, with what to do, when the registry throws', async () => {
    for (const odd of [
      { registerMetric: broken },
      { registerMetric: () => undefined, getSingleMetric: broken },
    ])
      expect(await problemsWith({ registry: odd })).toEqual([
        expect.stringMatching(/cannot register event_bus_published_total \(out of order\)\. Set another/),
      ]);
  });

  it('does not keep an application from closing when the registry cannot remove a metric', async () => {
    const shared = Object.assign(registry(), { removeSingleMetric: broken });
    const { app } = await startWith(shared, []);
    await app.close();
    expect(await shared.metrics()).not.toMatch(/^event_bus.* \d/m);
  });

  it('takes its metrics out of the registry when the application cannot start', async () => {
    const shared = registry();
    class Orders {
      @OnEvent('')
      handle(): void {}
    }
    const imports = [EventBusMetricsModule.forRoot({ registry: shared })];
    await problemsOf({ imports, providers: [Orders] }, { transport: memory() });
    expect(shared.getMetricsAsArray()).toEqual([]);
  });

  it('names its metrics and divides its histograms as it is told', async () => {
    const shared = registry();
    await startWith(shared, [], {}, { prefix: 'shop_events', buckets: [1, 2] });
    const text = await shared.metrics();
    expect([...parseMetrics(text).keys()]).toEqual(
      Object.values(METRICS).map(({ name }) => `shop_events_${name}`),
    );
    expect([...text.matchAll(/wait_seconds_bucket\{.*le="(.*)"\}/g)].map(([, le]) => le)).toEqual([
      '1',
      '2',
      '+Inf',
    ]);
  });

  it('gives each line the labels of its definition', async () => {
    const shared = registry();
    await startWith(shared, []);
    const metrics = parseMetrics(await shared.metrics());
    for (const { name, labels } of Object.values(METRICS)) {
      const metric = metrics.get(`event_bus_${name}`);
      expect(metric?.help).toMatch(/\.$/);
      for (const sample of metric?.samples ?? []) {
        const known = ['bus', ...labels, ...(metric?.type === 'histogram' ? ['le'] : [])];
        expect(known).toEqual(expect.arrayContaining(Object.keys(sample.labels)));
      }
    }
  });

  it('counts what goes wrong', async () => {
    const shared = registry();
    const broker = memoryBroker();
    let end!: () => void;
    const gate = new Promise<void>((resolve) => (end = resolve));
    class Orders {
      @OnEvent('orders', { buffer: { events: 1 }, stuckAfterMs: 10 })
      handle(): Promise<void> {
        return gate;
      }

      @OnEvent('late', { timeoutMs: 1, deadLetter: 'dead' })
      late(): Promise<void> {
        return gate;
      }

      @OnEvent('odd')
      odd(): void {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        throw proxy;
      }
    }
    const bus = await startWith(shared, [Orders], { transport: memory({ broker }) });
    const { publisher } = bus;
    await sendRaw(broker, 'orders', '{');
    await publisher.publish('late', 1);
    await publisher.publish('odd', 1);
    for (let n = 0; n < 4; n += 1) await publisher.publish('orders', n);
    const of = async (name: string, labels = {}) =>
      sumOf(parseMetrics(await shared.metrics()), `event_bus_${name}`, labels);
    await eventually(async () => {
      expect(await of('rejected_total', { reason: 'unreadable' })).toBe(1);
      expect(await of('rejected_total')).toBe(1);
      expect(await of('handled_total', { handler: 'Orders.late', outcome: 'timeout' })).toBe(1);
      expect(await of('handled_total', { handler: 'Orders.odd', outcome: 'failed' })).toBe(1);
      expect(await of('dead_letters_total', { outcome: 'published' })).toBe(1);
      expect(await of('dropped_total', { handler: 'Orders.handle' })).toBe(2);
      expect(await of('stuck_total', { call: 'handler' })).toBe(1);
      expect(await of('handler_stuck', { handler: 'Orders.handle' })).toBe(1);
    });
    end();
    await eventually(async () => {
      expect(await of('handler_stuck')).toBeUndefined();
      expect(await of('gaps_total', { reason: 'buffer-overflow' })).toBe(1);
      expect(await of('missed_total')).toBe(2);
    });
    expect(bus.lines('error', 'warn').filter((line) => line.includes('observer'))).toEqual([]);
  });
});

/** Publishes what no codec has made. */
async function sendRaw(broker: MemoryBroker, channel: string, text: string): Promise<void> {
  const { publisher } = await start({}, { transport: memory({ broker }), codec: raw() });
  await publisher.publish(channel, Buffer.from(text));
}
