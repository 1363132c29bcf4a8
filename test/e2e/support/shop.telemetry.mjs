/**
 * The telemetry file of a sample app, for `node --import`: prints each span as a line `span {…}` as soon as it has ended. Requests get
 * a span as from the instrumentation of HTTP.
 */
import { Server } from 'node:http';
import { ROOT_CONTEXT, SpanKind, context, trace } from '@opentelemetry/api';
import { SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

const printer = {
  export(spans, done) {
    for (const span of spans) console.log(`span ${JSON.stringify(plain(span))}`);
    done({ code: 0 });
  },
  shutdown: async () => undefined,
};
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(printer)] }).register();

function plain(span) {
  return {
    name: span.name,
    kind: span.kind,
    traceId: span.spanContext().traceId,
    spanId: span.spanContext().spanId,
    parent: span.parentSpanContext?.spanId,
    links: span.links.map(({ context }) => context.spanId),
  };
}

const tracer = trace.getTracer('http');
const emit = Reflect.get(Server.prototype, 'emit');
Server.prototype.emit = function (event, ...args) {
  if (event !== 'request') return emit.call(this, event, ...args);
  const [request, response] = args;
  const span = tracer.startSpan(`${request.method} ${request.url}`, { kind: SpanKind.SERVER }, ROOT_CONTEXT);
  response.once('close', () => span.end());
  return context.with(trace.setSpan(ROOT_CONTEXT, span), () => emit.call(this, event, ...args));
};
