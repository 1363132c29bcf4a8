import { context, metrics, propagation, trace } from '@opentelemetry/api';
import type { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { ReadableSpan, Sampler, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

/** What a test looks at of a span. */
export interface SeenSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: string | undefined;
  readonly links: readonly string[];
  readonly status: SpanStatusCode;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly tookMs: number;
}

/** An OpenTelemetry SDK that keeps everything in memory. Without `register` the process has none. */
export class Telemetry {
  private readonly exporter = new InMemorySpanExporter();
  private provider: NodeTracerProvider | undefined;
  private readonly points = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  private meters: MeterProvider | undefined;

  /** Registers tracers as an application does before it starts. */
  register(exporter: SpanExporter = this.exporter, sampler?: Sampler): NodeTracerProvider {
    const sampling = sampler === undefined ? {} : { sampler };
    this.provider = new NodeTracerProvider({
      ...sampling,
      spanProcessors: [new SimpleSpanProcessor(exporter)],
    });
    this.provider.register();
    return this.provider;
  }

  registerMeters(): void {
    const reader = new PeriodicExportingMetricReader({
      exporter: this.points,
      exportIntervalMillis: 2 ** 30,
    });
    this.meters = new MeterProvider({ readers: [reader] });
    metrics.setGlobalMeterProvider(this.meters);
  }

  async end(): Promise<void> {
    await this.provider?.shutdown();
    await this.meters?.shutdown();
    for (const api of [trace, context, propagation, metrics]) api.disable();
  }

  get spans(): readonly SeenSpan[] {
    return this.exporter.getFinishedSpans().map(seen);
  }

  named(name: string): readonly SeenSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  /** Runs within a span of the application, which is ended then. */
  async within<T>(name: string, work: () => Promise<T>): Promise<T> {
    return trace.getTracer('test').startActiveSpan(name, async (span) => {
      try {
        return await work();
      } finally {
        span.end();
      }
    });
  }

  /** Every data point, by the name of its metric. */
  async measured(): Promise<ReadonlyMap<string, readonly { attributes: object; value: unknown }[]>> {
    this.points.reset();
    await this.meters?.forceFlush();
    const all = this.points.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
    return new Map(
      all
        .flatMap((scope) => scope.metrics)
        .map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints]),
    );
  }
}

export function seen(span: ReadableSpan): SeenSpan {
  const { name, kind, links, attributes, parentSpanContext, status, duration } = span;
  const { traceId, spanId } = span.spanContext();
  return {
    name,
    kind,
    traceId,
    spanId,
    parent: parentSpanContext?.spanId,
    links: links.map((link) => link.context.spanId),
    status: status.code,
    attributes,
    tookMs: duration[0] * 1e3 + duration[1] / 1e6,
  };
}
