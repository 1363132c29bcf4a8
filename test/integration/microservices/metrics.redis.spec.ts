import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { ConfigurationError, EventBusModule, EventBusPublisher, redis } from 'nestjs-redis-event-bus';
import { EventBusMetricsModule, eventBusMetrics } from 'nestjs-redis-event-bus/prometheus';
import { lastValueFrom } from 'rxjs';
import { eventually } from '../../support/eventually.js';
import { freePort } from '../../support/free.port.js';
import type { TestRegistry } from '../../support/prometheus.clients.js';
import { describeClients } from '../../support/prometheus.clients.js';
import { parseMetrics, sumOf } from '../../support/prometheus.text.js';
import { RedisServer } from '../../support/redis.server.js';
import { untyped } from '../../support/untyped.js';
import { EventPattern } from './support/event-pattern.js';
import { MicroserviceApps } from './support/microservice.apps.js';

let redisServer: RedisServer;
beforeAll(async () => {
  redisServer = await RedisServer.start();
});
afterAll(() => redisServer.stop());

@Controller()
class Service {
  @MessagePattern('sum:*')
  sum(numbers: readonly number[]): number {
    return numbers.reduce((sum, number) => sum + number, 0);
  }

  @EventPattern('orders.*')
  order(): void {}
}

const REQUESTS = { handler: '@MessagePattern', target: 'sum:*', outcome: 'ok' };

describeClients('The metrics of a server and a client', (newRegistry) => {
  const transport = () => redis({ url: redisServer.url });
  const apps = new MicroserviceApps(transport);
  let registry: TestRegistry;
  beforeEach(async () => {
    registry = await newRegistry();
  });
  const scrape = async () => parseMetrics(await registry.metrics());
  const named = (name: string) => ({ name, observers: [eventBusMetrics({ registry })] });

  it('are the numbers of what was sent and handled, by bus', async () => {
    const { server } = await apps.serve({ controllers: [Service] }, named('rpc'));
    const client = apps.client(named('rpc-client'));
    expect(await lastValueFrom(client.send('sum:a', [1, 2]))).toBe(3);
    expect(await lastValueFrom(client.send('sum:b', [3]))).toBe(3);
    await lastValueFrom(client.emit('orders.created', 1), { defaultValue: undefined });
    await eventually(async () => {
      const metrics = await scrape();
      const of = (name: string, bus: string, labels = {}) =>
        sumOf(metrics, `event_bus_${name}`, { bus, ...labels });
      expect(of('handled_total', 'rpc', REQUESTS)).toBe(2);
      expect(of('handled_total', 'rpc', { handler: "@EventPattern('orders.*')", outcome: 'ok' })).toBe(1);
      // The glob takes the replies as well.
      expect(of('received_total', 'rpc', { target: 'sum:*' })).toBe(4);
      expect(of('published_total', 'rpc', { channel_template: 'other', outcome: 'ok' })).toBe(2);
      expect(of('published_total', 'rpc-client', { outcome: 'ok' })).toBe(3);
      expect(of('ready', 'rpc')).toBe(1);
      expect(of('link_up', 'rpc')).toBe(2);
      expect(of('ready', 'rpc-client')).toBe(1);
      expect(of('subscriptions', 'rpc', { kind: 'pattern', state: 'active' })).toBe(2);
    });
    expect(server.inspector.snapshot()).toMatchObject({ bus: 'rpc', status: 'ready' });
    expect(client.inspector.snapshot()).toMatchObject({ bus: 'rpc-client', status: 'ready' });
  });

  it('have as many lines after requests on 100 channels as after one', async () => {
    await apps.serve({ controllers: [Service] }, named('rpc'));
    const client = apps.client(named('rpc-client'));
    const linesAfter = async (requests: number) => {
      await eventually(async () => {
        const handled = sumOf(await scrape(), 'event_bus_handled_total', {
          bus: 'rpc-client',
          outcome: 'ok',
        });
        // Values and the end of each request are replies.
        expect(handled).toBeGreaterThanOrEqual(requests);
      });
      return [...(await scrape()).values()].reduce((sum, { samples }) => sum + samples.length, 0);
    };
    await lastValueFrom(client.send('sum:first', [1]));
    const before = await linesAfter(1);
    for (let n = 0; n < 100; n += 1) await lastValueFrom(client.send(`sum:user-${n}`, [n]));
    expect(await linesAfter(101)).toBe(before);
    expect(await registry.metrics()).not.toMatch(/user-\d/);
  });

  it('stand beside those of a module, and leave the registry one by one', async () => {
    const app = await apps.hybrid(
      {
        imports: [
          EventBusModule.forRoot({ transport: transport() }),
          EventBusMetricsModule.forRoot({ registry }),
        ],
        controllers: [Service],
      },
      { server: named('rpc') },
    );
    const client = apps.client(named('rpc-client'));
    await client.connect();
    await app.get(EventBusPublisher).publish('orders.paid', 1);
    await eventually(async () => {
      const metrics = await scrape();
      expect(sumOf(metrics, 'event_bus_published_total', { bus: 'default', outcome: 'ok' })).toBe(1);
      expect(sumOf(metrics, 'event_bus_handled_total', { bus: 'rpc', outcome: 'ok' })).toBe(1);
      expect(sumOf(metrics, 'event_bus_ready')).toBe(3);
    });
    await client.close();
    expect(await registry.metrics()).not.toContain('rpc-client');
    await app.close();
    expect(await registry.metrics()).not.toContain('event_bus');
  });

  it('go on after an attempt to connect that failed', async () => {
    const port = await freePort();
    const client = apps.client({
      transport: redis({ url: `redis://127.0.0.1:${port}` }),
      startup: { timeoutMs: 50 },
      ...named('late'),
    });
    await expect(client.connect()).rejects.toThrow('No connection');
    expect(sumOf(await scrape(), 'event_bus_ready', { bus: 'late' })).toBe(0);
    const late = await RedisServer.start({ port });
    apps.closeLater(() => late.stop());
    await eventually(() => client.connect());
    await lastValueFrom(client.emit('orders.created', 1), { defaultValue: undefined });
    await eventually(async () => {
      const metrics = await scrape();
      expect(sumOf(metrics, 'event_bus_ready', { bus: 'late' })).toBe(1);
      expect(sumOf(metrics, 'event_bus_published_total', { bus: 'late', outcome: 'nobody' })).toBe(1);
    });
    await client.close();
  });

  it('leave the registry with a server that cannot start', async () => {
    const nowhere = redis({ url: `redis://127.0.0.1:${await freePort()}` });
    const options = { transport: nowhere, startup: { timeoutMs: 50 }, ...named('rpc') };
    const { app } = await apps.create({ controllers: [Service] }, options);
    await expect(app.listen()).rejects.toThrow('No connection');
    expect(await registry.metrics()).not.toContain('event_bus');
  });

  it('are those of one bus: a second one of the name, or of the observer, is logged and has none', async () => {
    const first = named('rpc');
    await apps.serve({ controllers: [Service] }, first);
    for (const [options, reason] of [
      [named('rpc'), 'Each bus needs a name of its own'],
      [{ ...first, name: 'other' }, 'Call it again for each bus'],
    ] as const) {
      await apps.serve({ controllers: [Service] }, options);
      await eventually(() =>
        expect(apps.log.lines.map(({ message }) => message)).toEqual(
          expect.arrayContaining([expect.stringContaining(reason)]),
        ),
      );
    }
    expect(sumOf(await scrape(), 'event_bus_ready')).toBe(1);
  });
});

describe('eventBusMetrics()', () => {
  it.each<[string, unknown, string]>([
    ['no options', undefined, 'eventBusMetrics(): options are missing. Write { registry: register }.'],
    ['no registry', {}, 'eventBusMetrics(): registry must have registerMetric.'],
    [
      'the name of a bus',
      { registry: { registerMetric: () => undefined }, bus: 'rpc' },
      'eventBusMetrics(): bus is not an option. Known options: registry, prefix, buckets.',
    ],
  ])('throws for %s, and says what to write', (_what, options, problem) => {
    const call = () => eventBusMetrics(untyped(options));
    expect(call).toThrow(ConfigurationError);
    expect(call).toThrow(problem);
  });
});
