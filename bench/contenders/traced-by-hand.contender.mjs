import { randomUUID } from 'node:crypto';
import { ROOT_CONTEXT, SpanKind, context, propagation, trace } from '@opentelemetry/api';
import { cloudEvents } from 'nestjs-redis-event-bus';
import { registerTracing } from './tracing.support.mjs';

const HANDLERS = {
  sync: (handle) => (order) => {
    handle(order);
  },
  async: (handle) => async (order) => handle(order),
};

const codec = cloudEvents({ source: '/orders' });
const tracer = trace.getTracer('by-hand');
const getter = { keys: (metadata) => Object.keys(metadata), get: (metadata, name) => metadata[name] };
const setter = { set: (headers, name, value) => (headers[name] = value) };

/**
 * What one would write by hand for the two spans of one event, around a loop that does nothing else than encode, wait for the
 * event loop, decode and call: what it costs more than the loop without spans is what the SDK costs.
 */
export const contender = {
  /** @param {{ isTraced: boolean, style: 'sync' | 'async' }} settings */
  open(channel, handle, { isTraced, style }) {
    if (isTraced) registerTracing();
    const handler = HANDLERS[style](handle);
    const queue = new DeliveryQueue((body) => {
      const { payload, metadata } = codec.decode(body, channel);
      if (isTraced) processed(channel, metadata, () => handler(payload));
      else void handler(payload);
    });
    if (!isTraced) return (order) => queue.add(codec.encode(order, channel));
    return (order) => published(channel, (headers) => queue.add(codec.encode(order, channel, headers)));
  },
};

/** Hands on what was added before, once in a turn of the event loop. */
class DeliveryQueue {
  waiting = [];

  constructor(deliver) {
    this.deliver = deliver;
  }

  /** Resolves when it was delivered. */
  add(body) {
    return new Promise((resolve) => {
      if (this.waiting.length === 0) setImmediate(() => this.drain());
      this.waiting.push({ body, resolve });
    });
  }

  drain() {
    const { waiting } = this;
    this.waiting = [];
    for (const { body, resolve } of waiting) {
      resolve(1);
      this.deliver(body);
    }
  }
}

/** With the attributes that the library sets. */
async function published(channel, send) {
  const id = randomUUID();
  const span = tracer.startSpan('publish', {
    kind: SpanKind.PRODUCER,
    attributes: {
      'messaging.system': 'memory',
      'messaging.operation.name': 'publish',
      'messaging.operation.type': 'send',
      'messaging.destination.name': channel,
      'messaging.message.id': id,
    },
  });
  const headers = { id };
  propagation.inject(trace.setSpan(context.active(), span), headers, setter);
  try {
    return await send(headers);
  } finally {
    span.end();
  }
}

function processed(channel, metadata, call) {
  const sender = propagation.extract(ROOT_CONTEXT, metadata, getter);
  const span = tracer.startSpan(
    `process ${channel}`,
    {
      kind: SpanKind.CONSUMER,
      links: [{ context: trace.getSpanContext(sender) }],
      attributes: {
        'messaging.system': 'memory',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': channel,
        'messaging.destination.template': channel,
        'messaging.message.id': metadata.id,
        'event_bus.handler': 'OrderHandlers.handle0',
        'event_bus.attempt': 1,
      },
    },
    sender,
  );
  const returned = context.with(trace.setSpan(sender, span), call);
  if (returned === undefined) span.end();
  else void returned.finally(() => span.end());
}
