import { getEventListeners } from 'node:events';
import { z } from 'zod';
import { observedReporter } from '../../../../test/support/bus.reporters.js';
import {
  BusClosedError,
  InvalidChannelError,
  InvalidOptionError,
  NotConnectedError,
  PayloadTooLargeError,
  PublishManyError,
  PublishRefusedError,
  PublishUnconfirmedError,
} from '../errors.js';
import { defineEvent } from '../contracts/event.contract.js';
import type { EventBusModuleOptions } from '../module/event-bus.options.js';
import { resolveSettings } from '../module/event-bus.options.js';
import { SequenceTracker } from '../gaps/sequence.tracker.js';
import { cloudEvents } from '../message/cloud-events.codec.js';
import type { DecodedEvent } from '../message/event.codec.js';
import { json } from '../message/json.codec.js';
import { raw } from '../message/raw.codec.js';
import type { BusReporter } from '../observing/bus.reporter.js';
import type { ObservedPublish } from '../observing/event-bus.observer.js';
import type { ObserverRegistry } from '../observing/observer.registry.js';
import type { PublishHooks } from '../observing/publish.hooks.js';
import { bodyOf } from '../transports/event.transport.js';
import type {
  EventTransport,
  OutgoingMessage,
  PublishOutcome,
  SettledListener,
} from '../transports/event.transport.js';
import { memory } from '../transports/memory/memory.transport.js';
import { EventBusPublisher, closePublisher, sendBuffered } from './event-bus.publisher.js';
import { PublishBatcher } from './publish.batcher.js';
import { untyped } from '../../../../test/support/untyped.js';

const codec = cloudEvents({ source: '/test' });

interface Sent {
  readonly kind: string;
  readonly channel: string;
  readonly body: Buffer;
}

/** Answers as a test says, and remembers what left. */
class StubTransport {
  readonly sent: Sent[] = [];
  readonly capabilities = { shard: true };
  /** Says what becomes of a message instead of sending it. */
  intercept: (message: OutgoingMessage) => PublishOutcome | Promise<PublishOutcome> | undefined = () =>
    undefined;

  async publish(messages: readonly OutgoingMessage[], settled: SettledListener): Promise<void> {
    await Promise.all(
      messages.map(async (message, index) =>
        settled(index, (await this.intercept(message)) ?? this.send(message)),
      ),
    );
  }

  /** The bytes leave. */
  send(message: OutgoingMessage): PublishOutcome {
    this.sent.push({ kind: message.kind, channel: message.channel, body: Buffer.from(bodyOf(message)) });
    return { subscriptions: 1 };
  }

  get decoded(): DecodedEvent[] {
    return this.sent.map(({ body, channel }) => codec.decode(body, channel));
  }

  get sequences(): (number | undefined)[] {
    return this.decoded.map(({ stamp }) => stamp?.sequence);
  }
}

let reporter: BusReporter;
let publishHooks: PublishHooks;
let observers: ObserverRegistry;
let transport: StubTransport;

function publisherWith(options: Partial<EventBusModuleOptions> = {}): EventBusPublisher {
  const settings = resolveSettings({ transport: memory(), codec, ...options }, 'default');
  // A publisher asks it for no more than this.
  const sender = transport as unknown as EventTransport;
  const batcher = new PublishBatcher(sender, settings.batching);
  return new EventBusPublisher(settings, sender, batcher, reporter, publishHooks);
}

const reject = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => Promise.reject(new Error('It did not reject.')),
    (error: Error) => error,
  );

beforeEach(() => {
  transport = new StubTransport();
  ({ reporter, publishHooks, observers } = observedReporter());
});

describe('an observer around publishes', () => {
  it('adds headers to each event, none of them stronger than those of its publisher', async () => {
    const publisher = publisherWith();
    observers.add({ aroundPublish: (_publish, next) => void next({ tenant: 'observer', trace: '1' }) });
    await publisher.publish('a', 1);
    await publisher.publishMany([
      { channel: 'b', payload: 2, headers: { tenant: 'publisher' } },
      { channel: 'b', payload: 3 },
    ]);
    const sent = transport.decoded.map(({ payload, metadata }) => [
      payload,
      metadata['tenant'],
      metadata['trace'],
    ]);
    expect(sent).toEqual([
      [1, 'observer', '1'],
      [2, 'publisher', '1'],
      [3, 'observer', '1'],
    ]);
  });

  it('is told about each event of a call, and of what becomes of it', async () => {
    const publisher = publisherWith();
    const told: unknown[] = [];
    observers.add({
      aroundPublish: async ({ channel, batchSize, carriesMetadata }, next) => {
        const outcome = await next().catch(({ name }: Error) => name);
        told.push([channel, batchSize, carriesMetadata, outcome]);
      },
    });
    await publisher.publish('a', 1);
    await reject(
      publisher.publishMany([
        { channel: 'c*', payload: 2 },
        { channel: 'b', payload: 3 },
      ]),
    );
    await reject(publisher.publish(defineEvent('orders:<id>'), 4, { params: untyped({}) }));
    expect(told).toEqual([
      ['a', 1, true, 1],
      ['c*', 2, true, 'InvalidChannelError'],
      ['b', 2, true, 1],
      ['orders:<id>', 1, true, 'InvalidChannelError'],
    ]);
  });

  it('is told the contract, the headers and the call that an event is from, and what it was encoded to', async () => {
    const publisher = publisherWith();
    const told: ObservedPublish[] = [];
    observers.add({
      aroundPublish: (publish, next) => {
        expect(publish.encoded).toBeUndefined();
        told.push(publish);
        next().catch(() => undefined);
      },
    });
    const order = defineEvent('orders:<id>');
    await publisher.publish(order, 1, { params: { id: '7' }, headers: { tenant: 'acme' } });
    const events = [
      { channel: 'a', payload: 1 },
      { channel: 'c*', payload: 2 },
    ];
    for (let call = 0; call < 2; call += 1) await reject(publisher.publishMany(events));
    expect(told).toMatchObject([
      {
        channel: 'orders:<id>',
        template: 'orders:<id>',
        headers: { tenant: 'acme' },
        encoded: { channel: 'orders:7', bytes: expect.any(Number) },
      },
      { channel: 'a', encoded: { channel: 'a' } },
      { channel: 'c*' },
      { channel: 'a' },
      { channel: 'c*' },
    ]);
    expect(told[1]).not.toHaveProperty('template');
    expect(told[1]).not.toHaveProperty('headers');
    expect(told[2]).not.toHaveProperty('encoded');
    const [alone, first, second, third] = told.map(({ batch }) => batch);
    expect(alone).toBeUndefined();
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('whose headers the codec refuses does not keep an event back', async () => {
    const publisher = publisherWith();
    observers.add({ aroundPublish: (_publish, next) => void next({ 'no-attribute': 'x' }) });
    await publisher.publish('a', 1);
    expect(transport.decoded.map(({ payload }) => payload)).toEqual([1]);
  });

  it('sees an asynchronous schema refuse, and options that are wrong refuse the whole call before it', async () => {
    const publisher = publisherWith();
    const told: unknown[] = [];
    observers.add({
      aroundPublish: async (_publish, next) => next().catch(({ name }: Error) => told.push(name)),
    });
    const schema = z.string().refine(async () => false);
    await reject(publisher.publish(defineEvent('a', schema), 'x'));
    await reject(publisher.publishMany([{ channel: 'a', payload: 1 }], { timeoutMs: -1 }));
    expect(told).toEqual(['PayloadInvalidError']);
  });
});

describe('channels', () => {
  it('are sent with the prefix, also when there are more of them than a publisher remembers', async () => {
    const publisher = publisherWith({ codec: json(), prefix: 'shop:' });
    const channels = Array.from({ length: 10_002 }, (_, index) => `c${index}`);
    const events = [...channels, 'c0'].map((channel) => ({ channel, payload: 1 }));
    await publisher.publishMany(events);
    expect(transport.sent.map(({ channel }) => channel)).toEqual(
      events.map(({ channel }) => `shop:${channel}`),
    );
  });

  it('are refused each time', async () => {
    const publisher = publisherWith();
    for (let n = 0; n < 2; n += 1) {
      expect(await reject(publisher.publish('c*', 1))).toBeInstanceOf(InvalidChannelError);
    }
  });
});

describe('headers', () => {
  it('travel as metadata, for channels, contracts and each event of a publishMany', async () => {
    const publisher = publisherWith();
    const contract = defineEvent('orders:<id>:paid');
    await publisher.publish('a', 1, { headers: { tenant: 'x' } });
    await publisher.publish(contract, 2, { params: { id: '7' }, headers: { tenant: 'y' } });
    await publisher.publishMany([
      { channel: 'b', payload: 3, headers: { tenant: 'z' } },
      { channel: 'b', payload: 4 },
    ]);
    expect(transport.decoded.map(({ metadata }) => metadata['tenant'])).toEqual(['x', 'y', 'z', undefined]);
  });

  it('travel as they were in the call', async () => {
    const publisher = publisherWith();
    const headers: Record<string, string> = { tenant: 'x' };
    const publishing = publisher.publish('a', 1, { headers });
    headers['tenant'] = 'y';
    headers['later'] = 'z';
    await publishing;
    expect(transport.decoded[0]?.metadata['tenant']).toBe('x');
    expect(transport.decoded[0]?.metadata).not.toHaveProperty('later');
  });

  it.each([json(), raw()])('are refused where the codec carries only the payload: %p', async (plain) => {
    const publisher = publisherWith({ codec: plain });
    const error = await reject(publisher.publish('a', 'x', { headers: {} }));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error.message).toContain('Write codec: cloudEvents({ source })');
    const many = await reject(publisher.publishMany([{ channel: 'a', payload: 'x', headers: {} }]));
    expect(many).toMatchObject({ outcomes: [{ error: { code: 'EVENT_BUS_INVALID_OPTION' } }] });
    expect(transport.sent).toEqual([]);
  });

  it.each([null, 'tenant', ['tenant'], 7])('are refused where they are %j', async (headers) => {
    const error = await reject(publisherWith().publish('a', 1, { headers: untyped(headers) }));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error.message).toMatch(/^headers must be an object of strings/);
  });
});

describe('sequence numbers', () => {
  it('follow each other on each channel and kind', async () => {
    const publisher = publisherWith({ prefix: 'shop:' });
    for (const channel of ['a', 'b', 'a']) await publisher.publish(channel, 1);
    await publisher.publish('a', 1, { kind: 'shard' });
    await publisher.publishMany(['a', 'b', 'a'].map((channel) => ({ channel, payload: 1 })));
    expect(transport.sequences).toEqual([1, 1, 2, 1, 3, 2, 4]);
    expect(new Set(transport.decoded.map(({ stamp }) => stamp?.publisher)).size).toBe(3);
    expect(transport.sent[0]?.channel).toBe('shop:a');
    expect(transport.decoded[0]?.metadata['type']).toBe('a');
  });

  it('are taken when the event leaves, in that order', async () => {
    const publisher = publisherWith();
    const held: OutgoingMessage[] = [];
    transport.intercept = (message) => {
      held.push(message);
      return { subscriptions: 0 };
    };
    await publisher.publish('a', 'first');
    await publisher.publish('a', 'second');
    for (const message of held.toReversed()) transport.send(message);
    expect(transport.decoded.map(({ payload, stamp }) => [payload, stamp?.sequence])).toEqual([
      ['second', 1],
      ['first', 2],
    ]);
  });

  it('are not taken by an event that was not sent', async () => {
    const publisher = publisherWith();
    await publisher.publish('a', 1);
    transport.intercept = () => ({ error: new NotConnectedError() });
    await reject(publisher.publish('a', 2));
    await reject(publisher.publish('a', 3n));
    transport.intercept = () => undefined;
    await publisher.publish('a', 4);
    expect(transport.sequences).toEqual([1, 2]);
    expect(transport.decoded[0]?.stamp?.publisher).toBe(transport.decoded[1]?.stamp?.publisher);
  });

  it.each([
    ['refused', new PublishRefusedError('a', { cause: new Error('NOPERM') })],
    ['not sent after all', new NotConnectedError()],
    ['turned away by a bus that closes', new BusClosedError()],
  ])('leave no hole where an event was %s', async (_what, error) => {
    const publisher = publisherWith();
    await publisher.publish('a', 1);
    transport.intercept = (message) => {
      bodyOf(message);
      return { error };
    };
    await reject(publisher.publish('a', 2));
    transport.intercept = () => undefined;
    await publisher.publish('a', 3);
    await publisher.publish('a', 4);
    expect(transport.sequences).toEqual([1, 1, 2]);
    const tracker = new SequenceTracker();
    expect(transport.decoded.map(({ stamp }) => tracker.observe('a', stamp, 0)).filter(Boolean)).toEqual([]);
  });

  it('show a hole where nobody knows what became of an event', async () => {
    const publisher = publisherWith();
    await publisher.publish('a', 1);
    transport.intercept = (message) => {
      bodyOf(message);
      return { error: new PublishUnconfirmedError('a', { cause: new Error('lost') }) };
    };
    await reject(publisher.publish('a', 2));
    transport.intercept = () => undefined;
    await publisher.publish('a', 3);
    expect(transport.sequences).toEqual([1, 3]);
  });

  it('leave no hole either where the refusal comes after the publisher gave up', async () => {
    const publisher = publisherWith();
    await publisher.publish('a', 1);
    let refuse: (outcome: PublishOutcome) => void = () => undefined;
    transport.intercept = (message) => {
      bodyOf(message);
      return new Promise((resolve) => {
        refuse = resolve;
      });
    };
    const controller = new AbortController();
    const publishing = reject(publisher.publish('a', 2, { signal: controller.signal }));
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    expect(await publishing).toBeInstanceOf(PublishUnconfirmedError);
    refuse({ error: new PublishRefusedError('a', { cause: new Error('NOPERM') }) });
    await new Promise((resolve) => setImmediate(resolve));
    transport.intercept = () => undefined;
    await publisher.publish('a', 3);
    expect(transport.sequences).toEqual([1, 1]);
  });

  it('count towards the size of an event', async () => {
    const publisher = publisherWith({ maxPayloadBytes: 1_000 });
    const fits = async (length: number) => {
      await publisher.publish('a', 'x'.repeat(length));
      return transport.sent.at(-1)?.body.length ?? 0;
    };
    const plain = (await fits(1)) - 1;
    let length = 1_000 - plain;
    while (
      (await reject(publisher.publish('a', 'x'.repeat(length)).then(() => Promise.reject(new Error('sent')))))
        .message !== 'sent'
    ) {
      length -= 1;
    }
    expect(transport.sent.at(-1)?.body.length).toBeLessThanOrEqual(1_000);
    const error = await reject(publisher.publish('a', 'x'.repeat(length + 1)));
    expect(error).toBeInstanceOf(PayloadTooLargeError);
    expect((error as PayloadTooLargeError).bytes).toBe(1_001);
  });

  it('do not exist where the codec carries none: the transport gets the bytes themselves', async () => {
    const publisher = publisherWith({ codec: json(), maxPayloadBytes: 3 });
    const bodies: unknown[] = [];
    transport.intercept = ({ body }) => {
      bodies.push(body);
      return undefined;
    };
    await publisher.publish('a', 'x');
    expect(bodies).toEqual(['"x"']);
  });
});

describe('whenDisconnected', () => {
  const down = () => {
    transport.intercept = () => ({ error: new NotConnectedError() });
  };
  const up = (publisher: EventBusPublisher) => {
    transport.intercept = () => undefined;
    sendBuffered(publisher);
  };

  it('makes events wait for the link, and keeps their order across publish and publishMany', async () => {
    const publisher = publisherWith();
    const whenDisconnected = { bufferMs: 5_000 };
    down();
    const first = publisher.publish('a', 1, { whenDisconnected });
    const many = publisher.publishMany(
      [2, 3].map((payload) => ({ channel: 'a', payload })),
      { whenDisconnected },
    );
    const last = publisher.publish('a', 4, { whenDisconnected });
    expect(await reject(publisher.publish('a', 'impatient'))).toBeInstanceOf(NotConnectedError);
    up(publisher);
    expect(await Promise.all([first, many, last])).toEqual([1, [1, 1], 1]);
    expect(transport.decoded.map(({ payload }) => payload)).toEqual([1, 2, 3, 4]);
    expect(transport.sequences).toEqual([1, 2, 3, 4]);
  });

  it('sends the payload as it was in the call', async () => {
    const publisher = publisherWith();
    const order = { total: 1 };
    down();
    const publishing = publisher.publish('a', order, { whenDisconnected: { bufferMs: 5_000 } });
    order.total = 2;
    await new Promise((resolve) => setImmediate(resolve));
    up(publisher);
    await publishing;
    expect(transport.decoded[0]?.payload).toEqual({ total: 1 });
  });

  it('tells for each event of a publishMany what became of it', async () => {
    const publisher = publisherWith();
    transport.intercept = ({ channel }) => (channel === 'a' ? undefined : { error: new NotConnectedError() });
    const controller = new AbortController();
    const reason = new Error('enough');
    const publishing = reject(
      publisher.publishMany(
        ['a', 'b', 'a*'].map((channel) => ({ channel, payload: 1 })),
        { whenDisconnected: { bufferMs: 5_000 }, signal: controller.signal },
      ),
    );
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort(reason);
    const error = (await publishing) as PublishManyError;
    expect(error).toBeInstanceOf(PublishManyError);
    expect(error.outcomes).toMatchObject([
      { subscriptions: 1 },
      { error: reason },
      { error: { code: 'EVENT_BUS_INVALID_CHANNEL' } },
    ]);
  });

  it('ends with the bus', async () => {
    const publisher = publisherWith();
    down();
    const publishing = reject(publisher.publish('a', 1, { whenDisconnected: { bufferMs: 5_000 } }));
    await new Promise((resolve) => setImmediate(resolve));
    closePublisher(publisher);
    expect(await publishing).toBeInstanceOf(BusClosedError);
    expect(reporter.counters.publishFailed).toBe(1);
  });

  it.each([
    ['wait', 'whenDisconnected '],
    [null, 'whenDisconnected '],
    [5_000, 'whenDisconnected '],
    [{}, 'whenDisconnected.bufferMs '],
    [{ bufferMs: 0 }, 'whenDisconnected.bufferMs '],
    [{ bufferMs: 1.5 }, 'whenDisconnected.bufferMs '],
    [{ bufferMs: 2 ** 31 }, 'whenDisconnected.bufferMs '],
    [{ bufferMs: '5' }, 'whenDisconnected.bufferMs '],
  ])('is refused where it is %j', async (whenDisconnected, start) => {
    const error = await reject(
      publisherWith().publish('a', 1, { whenDisconnected: untyped(whenDisconnected) }),
    );
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error.message.startsWith(start)).toBe(true);
    expect(transport.sent).toEqual([]);
  });
});

describe('closing', () => {
  it('sends what was published in this tick, before whoever closes the transport does so', async () => {
    const publisher = publisherWith();
    const handedOver: string[] = [];
    transport.intercept = ({ channel }) => {
      handedOver.push(channel);
      return undefined;
    };
    const publishing = ['a', 'b'].map((channel) => publisher.publish(channel, 1));
    closePublisher(publisher);
    expect(handedOver).toEqual(['a', 'b']);
    expect(await Promise.all(publishing)).toEqual([1, 1]);
  });
});

describe('signals', () => {
  it('keep a collected event from being sent as long as its tick lasts, and let it take no number', async () => {
    const publisher = publisherWith();
    const controller = new AbortController();
    const reason = new Error('enough');
    const first = publisher.publish('a', 1);
    const aborted = reject(publisher.publish('a', 2, { signal: controller.signal }));
    const other = publisher.publish('a', 3);
    controller.abort(reason);
    expect(await aborted).toBe(reason);
    await Promise.all([first, other]);
    expect(transport.decoded.map(({ payload, stamp }) => [payload, stamp?.sequence])).toEqual([
      [1, 1],
      [3, 2],
    ]);
  });

  it('do not know what becomes of the first event of a tick, which has left when publish returns', async () => {
    const publisher = publisherWith();
    const controller = new AbortController();
    const reason = new Error('enough');
    const publishing = reject(publisher.publish('a', 1, { signal: controller.signal }));
    controller.abort(reason);
    const error = await publishing;
    expect(error).toBeInstanceOf(PublishUnconfirmedError);
    expect(error.cause).toBe(reason);
    expect(transport.decoded.map(({ payload }) => payload)).toEqual([1]);
  });
});

describe('without a link', () => {
  it('20,000 publishes reject at once, and leave no timer, no listener and nothing that waits', async () => {
    const publisher = publisherWith();
    transport.intercept = () => ({ error: new NotConnectedError() });
    const { signal } = new AbortController();
    const timers = () => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;
    const timersBefore = timers();
    const payload = 'x'.repeat(1_024);
    let rejected = 0;
    const listeners: number[] = [];
    for (let batch = 0; batch < 200; batch += 1) {
      const publishing = Array.from({ length: 100 }, () => publisher.publish('a', payload, { signal }));
      // Of all publishes together.
      listeners.push(getEventListeners(signal, 'abort').length);
      for (const outcome of await Promise.allSettled(publishing)) {
        if (outcome.status === 'rejected' && outcome.reason instanceof NotConnectedError) rejected += 1;
      }
      expect([timers(), getEventListeners(signal, 'abort').length]).toEqual([timersBefore, 0]);
    }
    expect(rejected).toBe(20_000);
    expect(new Set(listeners)).toEqual(new Set([1]));
    const buffer = Reflect.get(publisher, 'buffer') as { readonly events: number };
    expect(buffer.events).toBe(0);
  });
});
