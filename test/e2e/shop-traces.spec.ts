import { pathToFileURL } from 'node:url';
import { jest } from '@jest/globals';
import { SpanKind } from '@opentelemetry/api';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.server.js';
import { placeOrder, RunningApp } from './support/shop.js';

jest.setTimeout(60_000);

interface Span {
  readonly name: string;
  readonly kind: SpanKind;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent?: string;
  readonly links: readonly string[];
}

const HANDLE = 'process orders:<status>';
const TELEMETRY = `--import ${pathToFileURL('test/e2e/support/shop.telemetry.mjs').href}`;

describe('the sample services with an OpenTelemetry SDK', () => {
  let redis: RedisServer;
  let orders: RunningApp;
  let notifications: RunningApp;

  beforeAll(async () => {
    redis = await RedisServer.start();
    const environment = { REDIS_URL: redis.url, NODE_OPTIONS: TELEMETRY };
    [orders, notifications] = await Promise.all([
      RunningApp.start('orders', environment),
      RunningApp.start('notifications', environment),
    ]);
  });

  afterAll(async () => {
    await Promise.all([orders?.process.stop(), notifications?.process.stop()]);
    await redis?.stop();
  });

  /** The spans of this name, as soon as the app has printed so many. */
  function spansOf({ process }: RunningApp, name: string, count: number): Promise<readonly Span[]> {
    return eventually(() => {
      const lines = [...process.output.matchAll(/^span (\{.*\})$/gm)];
      const spans = lines.map(([, json]) => JSON.parse(json as string) as Span);
      const found = spans.filter((span) => span.name === name);
      expect(found).toHaveLength(count);
      return found;
    });
  }

  it('are in one trace: the request, its event, the handler in the other process, and the event that this publishes', async () => {
    await placeOrder(orders, 'ada');
    const [request] = await spansOf(orders, 'POST /orders', 1);
    const [publish] = await spansOf(orders, 'publish orders:<status>', 1);
    const [handle] = await spansOf(notifications, HANDLE, 1);
    const [sent] = await spansOf(notifications, 'publish notifications:<customerId>:sent', 1);
    const spans = [request, publish, handle, sent];
    expect(spans).toEqual([
      expect.objectContaining({ kind: SpanKind.SERVER }),
      expect.objectContaining({ kind: SpanKind.PRODUCER, parent: request!.spanId }),
      expect.objectContaining({
        kind: SpanKind.CONSUMER,
        parent: publish!.spanId,
        links: [publish!.spanId],
      }),
      expect.objectContaining({ kind: SpanKind.PRODUCER, parent: handle!.spanId }),
    ]);
    expect(new Set(spans.map((span) => span?.traceId)).size).toBe(1);
  });

  it('begin a trace with an event that a foreign client publishes as plain JSON', async () => {
    await redis.cli('PUBLISH', 'orders:created', '{"id":"f1","customerId":"foreign","status":"created"}');
    const [, handle] = await spansOf(notifications, HANDLE, 2);
    expect(handle).toMatchObject({ kind: SpanKind.CONSUMER, links: [] });
    expect(handle).not.toHaveProperty('parent');
  });

  it('continue the trace of a foreign client whose CloudEvent has a traceparent', async () => {
    const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
    const event = {
      specversion: '1.0',
      id: 'event-1',
      source: '/foreign',
      type: 'orders:created',
      traceparent: `00-${traceId}-${spanId}-01`,
      data: { id: 'f2', customerId: 'traced', status: 'created' },
    };
    await redis.cli('PUBLISH', 'orders:created', JSON.stringify(event));
    const [, , handle] = await spansOf(notifications, HANDLE, 3);
    expect(handle).toMatchObject({ traceId, parent: spanId, links: [spanId] });
  });
});
