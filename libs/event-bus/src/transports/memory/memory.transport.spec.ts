import { BusClosedError, ConfigurationError, NotConnectedError } from '../../errors.js';
import { ListenerRecord } from '../../conformance/listener.record.js';
import { publishOutcomes } from '../../conformance/publish.outcomes.js';
import type { EventTransport, SubscriptionTarget, TransportListener } from '../event.transport.js';
import type { MemoryBroker } from './memory.broker.js';
import { memoryBroker } from './memory.broker.js';
import { memory } from './memory.transport.js';
import { untyped } from '../../../../../test/support/untyped.js';

const orders: SubscriptionTarget = { kind: 'channel', name: 'orders' };
const all: SubscriptionTarget = { kind: 'pattern', name: '*' };

const toOrders = (...bodies: readonly (Buffer | string)[]) =>
  bodies.map((body) => ({ kind: 'channel', channel: 'orders', body }) as const);

/** `call`, or `call: body`, for each call of the listener that tells of subscriptions. */
const heard = (record: ListenerRecord) =>
  record.calls.flatMap((call) => {
    if (call.call === 'state' || call.call === 'writable') return [];
    return call.call === 'message' ? [`${call.through.kind}: ${call.body.toString()}`] : [call.call];
  });

async function connected(broker: MemoryBroker, listener: TransportListener): Promise<EventTransport> {
  const transport = memory({ broker }).create(listener);
  await transport.connect();
  return transport;
}

describe('memory()', () => {
  it('has nothing against its own broker, or none', () => {
    expect(memory().problems).toEqual([]);
    expect(memory({}).problems).toEqual([]);
    expect(memory({ broker: memoryBroker() }).problems).toEqual([]);
  });

  it.each([
    [null, 'memory() takes an object. Write memory(), or memory({ broker: memoryBroker() }).'],
    [
      { broker: 'redis://localhost' },
      'memory({ broker }) must be a broker made by memoryBroker(). Write memory({ broker: memoryBroker() }).',
    ],
    [{ url: 'redis://localhost' }, 'memory({ url }) is not an option. Known options: broker.'],
  ])('names what is wrong with %j instead of throwing', (options, problem) => {
    const factory = memory(untyped(options));
    expect(factory.problems).toEqual([problem]);
    expect(() => factory.create(new ListenerRecord())).toThrow(ConfigurationError);
  });

  it('makes a broker of its own for each bus', async () => {
    const factory = memory();
    const [first, second] = [new ListenerRecord(), new ListenerRecord()];
    const [one, other] = [factory.create(first), factory.create(second)];
    await Promise.all([one.connect(), other.connect()]);
    await one.subscribe([orders]);
    await other.subscribe([orders]);
    expect(await publishOutcomes(one, toOrders('x'))).toEqual([{ subscriptions: 1 }]);
    expect(first.messages).toHaveLength(1);
    expect(second.messages).toHaveLength(0);
  });

  it('shares a broker that it is given', async () => {
    const broker = memoryBroker();
    const record = new ListenerRecord();
    await (await connected(broker, record)).subscribe([orders]);
    const publisher = await connected(broker, new ListenerRecord());
    expect(await publishOutcomes(publisher, toOrders('x'))).toEqual([{ subscriptions: 1 }]);
    expect(record.messages).toHaveLength(1);
  });
});

describe('MemoryTransport', () => {
  let broker: MemoryBroker;
  let record: ListenerRecord;
  let transport: EventTransport;
  beforeEach(async () => {
    broker = memoryBroker();
    record = new ListenerRecord();
    transport = await connected(broker, record);
  });

  it('tells once that messages can be sent, when it is connected', async () => {
    const sendables = () => record.calls.filter(({ call }) => call === 'writable');
    expect(sendables()).toHaveLength(1);
    await transport.connect();
    expect(sendables()).toHaveLength(1);
  });

  it('takes a body that cannot be made for the failure of that message', async () => {
    await transport.subscribe([orders]);
    const fail = () => {
      throw new Error('no body');
    };
    expect(
      await publishOutcomes(transport, [
        { kind: 'channel', channel: 'orders', body: fail },
        { kind: 'channel', channel: 'orders', body: () => 'x' },
      ]),
    ).toMatchObject([{ error: { message: 'no body' } }, { subscriptions: 1 }]);
    expect(heard(record)).toEqual(['confirmed', 'channel: x']);
  });

  it('calls no listener before publish returns', async () => {
    await transport.subscribe([orders, all]);
    const before = record.calls.length;
    const published = publishOutcomes(transport, toOrders('x'));
    expect(record.calls).toHaveLength(before);
    expect(await published).toEqual([{ subscriptions: 2 }]);
    expect(heard(record).slice(-2)).toEqual(['channel: x', 'pattern: x']);
  });

  it('counts the deliveries of the moment when it publishes', async () => {
    await transport.subscribe([orders]);
    const first = publishOutcomes(transport, toOrders('a'));
    const unsubscribed = transport.unsubscribe([orders]);
    const second = publishOutcomes(transport, toOrders('b'));
    const subscribed = transport.subscribe([orders, all]);
    const third = publishOutcomes(transport, toOrders('c'));
    expect((await Promise.all([first, second, third])).flat()).toEqual([
      { subscriptions: 1 },
      { subscriptions: 0 },
      { subscriptions: 2 },
    ]);
    await Promise.all([unsubscribed, subscribed]);
    expect(heard(record)).toEqual([
      'confirmed',
      'channel: a',
      'released',
      'confirmed',
      'confirmed',
      'channel: c',
      'pattern: c',
    ]);
  });

  it('delivers to all transports of a broker in one order', async () => {
    const order: string[] = [];
    const listen = (name: string): TransportListener => ({
      message: ({ body }) => order.push(`${name} ${body.toString()}`),
      confirmed: () => order.push(`${name} confirmed`),
      released: () => order.push(`${name} released`),
      denied: () => undefined,
      resumed: () => undefined,
      writable: () => undefined,
      state: () => undefined,
      warned: () => undefined,
    });
    const [a, b] = [await connected(broker, listen('a')), await connected(broker, listen('b'))];
    await Promise.all([
      a.subscribe([orders]),
      publishOutcomes(b, toOrders('1')),
      b.subscribe([orders]),
      publishOutcomes(a, toOrders('2')),
      a.unsubscribe([orders]),
      publishOutcomes(b, toOrders('3')),
    ]);
    expect(order).toEqual(['a confirmed', 'a 1', 'b confirmed', 'a 2', 'b 2', 'a released', 'b 3']);
  });

  it('sends the bytes of the call, whatever becomes of the buffer', async () => {
    await transport.subscribe([orders, all]);
    const body = Buffer.from('sent');
    const published = publishOutcomes(transport, toOrders(body));
    body.write('late');
    await published;
    expect(record.messages.map((message) => message.body.toString())).toEqual(['sent', 'sent']);
  });

  it('gives the names to the listener as they come out of a socket', async () => {
    await transport.subscribe([all]);
    await publishOutcomes(transport, [{ kind: 'channel', channel: 'a\ud800', body: '' }]);
    expect(record.messages[0]?.channel).toBe('a\ufffd');
  });

  it('lets the event loop turn while somebody publishes and awaits in a loop', async () => {
    let turns = 0;
    let isDone = false;
    const count = () => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    for (let n = 0; n < 100; n += 1) await publishOutcomes(transport, toOrders('x'));
    isDone = true;
    expect(turns).toBeGreaterThan(10);
  });

  it('contains a listener that throws, whatever it is told', async () => {
    const fail = () => {
      throw new Error('it must not');
    };
    const thrower = await connected(broker, {
      message: fail,
      confirmed: fail,
      released: fail,
      denied: fail,
      resumed: fail,
      writable: fail,
      state: fail,
      warned: fail,
    });
    await transport.subscribe([orders]);
    expect(await thrower.subscribe([orders])).toEqual([{ target: orders }]);
    expect(await publishOutcomes(thrower, toOrders('a', 'b'))).toEqual([
      { subscriptions: 2 },
      { subscriptions: 2 },
    ]);
    await thrower.unsubscribe([orders]);
    await thrower.close();
    expect(heard(record)).toEqual(['confirmed', 'channel: a', 'channel: b']);
  });

  it('tells a subscriber that was unsubscribed before the answer', async () => {
    const subscribed = transport.subscribe([orders, all]);
    await transport.unsubscribe([orders]);
    expect(await subscribed).toEqual([
      { target: orders, error: new Error('it was unsubscribed meanwhile') },
      { target: all },
    ]);
  });

  it('connects once, however often it is asked', async () => {
    await Promise.all([transport.connect(), transport.connect()]);
    expect(record.states).toEqual([{ status: 'ready' }]);
  });

  it('inspects the whole broker', async () => {
    const other = await connected(broker, new ListenerRecord());
    await transport.subscribe([orders, all]);
    await other.subscribe([orders, all]);
    expect(await other.inspect!({ query: 'subscriberCounts', channels: ['orders'] })).toEqual({
      counts: new Map([['orders', 2]]),
    });
    expect(await other.inspect!({ query: 'patternCount' })).toEqual({ total: 1 });
  });

  it('does not inspect without a link', async () => {
    const unconnected = memory({ broker }).create(new ListenerRecord());
    await expect(unconnected.inspect!({ query: 'channels' })).rejects.toThrow(NotConnectedError);
    await unconnected.close();
    await expect(unconnected.inspect!({ query: 'channels' })).rejects.toThrow(BusClosedError);
  });
});

describe('MemoryBroker', () => {
  it('is idle when nothing waits for delivery', async () => {
    const broker = memoryBroker();
    const record = new ListenerRecord();
    const transport = await connected(broker, record);
    await transport.subscribe([orders]);
    await broker.whenIdle();
    expect(broker.isIdle).toBe(true);
    const published = publishOutcomes(transport, toOrders('a', 'b'));
    expect(broker.isIdle).toBe(false);
    await broker.whenIdle();
    expect([broker.isIdle, record.messages.length]).toEqual([true, 2]);
    await published;
  });
});
