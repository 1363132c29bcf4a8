/**
 * One of two services with an OpenTelemetry SDK that keeps its spans in memory. Prints `listening` or publishes within a span, as a
 * request would, and prints its spans as JSON once it has its part of the work.
 *
 * Variables: REDIS_URL, ROLE: `publisher` or `handler`, CODEC: `cloudEvents` or `json`.
 */
import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventBusModule, EventBusPublisher, OnEvent, cloudEvents, json, redis } from 'nestjs-redis-event-bus';
import { openTelemetry } from 'nestjs-redis-event-bus/opentelemetry';

const { REDIS_URL, ROLE, CODEC } = process.env;
const exporter = new InMemorySpanExporter();
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
const tracer = trace.getTracer('application');

let handled;
const whenHandled = new Promise((resolve) => (handled = resolve));

class Handlers {
  notify() {
    tracer.startSpan('work').end();
    setImmediate(() => handled());
  }
}
const descriptor = Object.getOwnPropertyDescriptor(Handlers.prototype, 'notify');
OnEvent('orders:*')(Handlers.prototype, 'notify', descriptor);

class AppModule {}
Module({
  imports: [
    EventBusModule.forRoot({
      transport: redis({ url: REDIS_URL }),
      codec: CODEC === 'json' ? json() : cloudEvents({ source: '/orders' }),
      observers: [openTelemetry()],
    }),
  ],
  providers: ROLE === 'handler' ? [Handlers] : [],
})(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error'] });
if (ROLE === 'handler') {
  console.log('listening');
  await whenHandled;
} else {
  await tracer.startActiveSpan('POST /orders', async (span) => {
    await app.get(EventBusPublisher).publish('orders:created', { id: 7 });
    span.end();
  });
}
await app.close();
const spans = exporter.getFinishedSpans().map((span) => ({
  name: span.name,
  kind: span.kind,
  ...span.spanContext(),
  parent: span.parentSpanContext?.spanId,
  links: span.links.map(({ context }) => context.spanId),
  server: span.attributes['server.port'],
}));
console.log(`spans ${JSON.stringify(spans)}`);
