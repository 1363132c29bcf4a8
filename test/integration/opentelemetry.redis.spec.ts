import { SpanKind } from '@opentelemetry/api';
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import { Redis } from 'ioredis';
import { OnEvent, cloudEvents, redis } from 'nestjs-redis-event-bus';
import type { OpenTelemetryOptions } from 'nestjs-redis-event-bus/opentelemetry';
import { openTelemetry } from 'nestjs-redis-event-bus/opentelemetry';
import { eventually } from '../support/eventually.js';
import { runCommands } from '../support/resp.client.js';
import { RedisServer } from '../support/redis.server.js';
import { startedApps } from '../support/started.apps.js';
import { Telemetry } from '../support/telemetry.js';

const server = await RedisServer.start();
afterAll(() => server.stop());

const { boot } = startedApps(() => ({
  transport: redis({ url: server.url, heartbeat: { intervalMs: 50 } }),
  codec: cloudEvents({ source: '/orders' }),
}));

/** The commands whose spans the instrumentation of ioredis makes for heartbeats. */
const HEARTBEAT = ['ping', 'unsubscribe'];

describe('openTelemetry with the instrumentation of ioredis', () => {
  let telemetry: Telemetry;
  let instrumentation: IORedisInstrumentation;
  let received: number;

  beforeEach(async () => {
    await runCommands(server.port, [['config', 'resetstat']]);
    received = 0;
    telemetry = new Telemetry();
    // Patches the class itself: Jest's modules do not pass its hook of `require`.
    instrumentation = new IORedisInstrumentation({ requireParentSpan: false });
    const [definition] = instrumentation.init();
    definition?.patch?.(Redis, '6.0.0');
    instrumentation.setTracerProvider(telemetry.register());
  });
  afterEach(async () => {
    const [definition] = instrumentation.init();
    definition?.unpatch?.(Redis);
    await telemetry.end();
  });

  class Orders {
    @OnEvent('orders:*')
    handle(): void {
      received += 1;
    }
  }

  /** Starts an application, lets it beat for a while, and publishes one event and many. */
  async function busyApp(observers: readonly ReturnType<typeof openTelemetry>[]): Promise<void> {
    const { publisher, subscriber, inspector } = await boot({ observers }, Orders);
    await telemetry.within('request', async () => {
      await publisher.publish('orders:x', 1);
      await Promise.all(Array.from({ length: 20 }, (_, n) => publisher.publish('orders:x', n)));
      const subscription = await subscriber.subscribe('later:*', () => undefined);
      await subscription.unsubscribe();
      await inspector.channels();
    });
    await eventually(() => expect(received).toBe(21));
    await eventually(async () => expect(await pings()).toBeGreaterThan(5));
  }

  /** How many the server got since the test began. */
  async function pings(): Promise<number> {
    const [stats] = await runCommands(server.port, [['info', 'commandstats']]);
    return Number(/cmdstat_ping:calls=(\d+)/.exec(String(stats))?.[1] ?? 0);
  }

  const clientSpans = () =>
    telemetry.spans.filter(({ kind }) => kind === SpanKind.CLIENT).map(({ name }) => name);

  it('makes no span of what the client of the bus does', async () => {
    await busyApp([openTelemetry()]);
    expect(clientSpans()).toEqual([]);
    expect(telemetry.named('publish')).toHaveLength(21);
    expect(telemetry.named('process orders:*')).toHaveLength(21);
  });

  it('makes them where redisSpans asks for them', async () => {
    await busyApp([openTelemetry({ redisSpans: true } satisfies OpenTelemetryOptions)]);
    expect(clientSpans()).toEqual(expect.arrayContaining(['psubscribe', ...HEARTBEAT]));
  });

  it('has a control: without the observer the instrumentation makes spans, of heartbeats as well', async () => {
    await busyApp([]);
    expect(clientSpans()).toEqual(expect.arrayContaining(['psubscribe', ...HEARTBEAT]));
    expect(telemetry.named('process orders:*')).toEqual([]);
  });
});
