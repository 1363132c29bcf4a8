import { SpanKind } from '@opentelemetry/api';
import { RedisServer } from '../support/redis.server.js';
import { NodeProcess } from './support/node.process.js';

interface Span {
  readonly name: string;
  readonly kind: SpanKind;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent?: string;
  readonly links: readonly string[];
  readonly server?: number;
}

describe('openTelemetry in two processes', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  /** The spans of both, by name. */
  async function spansWith(codec: string): Promise<ReadonlyMap<string, Span>> {
    const worker = (role: string) =>
      NodeProcess.start('test/e2e/support/traces.worker.mjs', {
        REDIS_URL: server.url,
        ROLE: role,
        CODEC: codec,
      });
    const handler = worker('handler');
    await handler.prints(/^listening$/m);
    const publisher = worker('publisher');
    const spans: Span[] = [];
    for (const process of [publisher, handler]) {
      const [, json] = await process.prints(/^spans (.*)$/m);
      spans.push(...(JSON.parse(json as string) as Span[]));
      expect(await process.exited).toEqual({ code: 0, signal: null });
    }
    return new Map(spans.map((span) => [span.name, span]));
  }

  it('is one trace with cloudEvents(): request, publish, process, work', async () => {
    const spans = await spansWith('cloudEvents');
    const names = ['POST /orders', 'publish', 'process orders:*', 'work'];
    expect([...spans.keys()].toSorted()).toEqual(names.toSorted());
    const [post, publish, process, work] = names.map((name) => spans.get(name)!);
    expect(new Set([...spans.values()].map(({ traceId }) => traceId)).size).toBe(1);
    expect(publish).toMatchObject({ kind: SpanKind.PRODUCER, parent: post!.spanId, server: server.port });
    expect(process).toMatchObject({
      kind: SpanKind.CONSUMER,
      parent: publish!.spanId,
      links: [publish!.spanId],
      server: server.port,
    });
    expect(work).toMatchObject({ parent: process!.spanId });
  });

  it('is two traces with json()', async () => {
    const spans = await spansWith('json');
    expect(spans.get('publish')!.traceId).toBe(spans.get('POST /orders')!.traceId);
    expect(spans.get('work')!.traceId).toBe(spans.get('process orders:*')!.traceId);
    expect(spans.get('process orders:*')!.traceId).not.toBe(spans.get('publish')!.traceId);
    expect(spans.get('process orders:*')!.links).toEqual([]);
  });
});

it('says what to install where the API is missing, and the main entry does not need it', async () => {
  const worker = NodeProcess.start('test/e2e/support/no-api.worker.mjs', {});
  expect(await worker.exited).toEqual({ code: 0, signal: null });
  const { output } = worker;
  expect(output).toContain('main entry: cloud-events\n');
  expect(output).toContain(
    'opentelemetry: nestjs-redis-event-bus/opentelemetry needs @opentelemetry/api. Run: npm install @opentelemetry/api\n',
  );
});
