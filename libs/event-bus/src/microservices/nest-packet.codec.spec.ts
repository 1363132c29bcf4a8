import 'reflect-metadata';
import fc from 'fast-check';
import { PayloadDecodeError, PayloadEncodeError } from '../errors.js';
import { NO_METADATA } from '../message/event.codec.js';
import { nestPacket, routeOf } from './nest-packet.codec.js';
import { packetOf } from './packet.js';

const codec = nestPacket();
const decode = (value: unknown, channel = 'orders') =>
  codec.decode(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), channel);

describe('nestPacket()', () => {
  it('sends and reads no frames, which Nest knows nothing of', () => {
    expect(nestPacket().frames).toBeUndefined();
  });

  it('writes an event packet for the bus', () => {
    expect(codec.encode({ id: 1 }, 'orders')).toBe('{"pattern":"orders","data":{"id":1}}');
    expect(codec.encode(null, 'orders')).toBe('{"pattern":"orders","data":null}');
  });

  it('writes what Nest writes', () => {
    const metadata = { tenant: 'acme' };
    const written = [
      codec.encodePacket({ type: 'event', pattern: { a: 1 }, data: 0 }, '{"a":1}'),
      codec.encodePacket({ type: 'request', id: 'x', pattern: 'sum', data: [1], metadata }, 'sum'),
      codec.encodePacket({ type: 'reply', id: 'x', response: [1], isDisposed: true }, 'sum.reply'),
      codec.encodePacket({ type: 'reply', id: 'x', err: 'no', status: 'error' }, 'sum.reply'),
    ];
    expect(written.map((body) => JSON.parse(body.toString()) as unknown)).toEqual([
      { pattern: { a: 1 }, data: 0 },
      { pattern: 'sum', data: [1], id: 'x', metadata },
      { id: 'x', response: [1], isDisposed: true },
      { id: 'x', err: 'no', status: 'error' },
    ]);
  });

  it.each([[undefined], [() => 1], [Symbol('s')], [1n], [{ toJSON: () => undefined }]])(
    'refuses data that has no JSON form, as a packet without it would be none: %p',
    (data) => {
      expect(() => codec.encode(data, 'orders')).toThrow(PayloadEncodeError);
    },
  );

  it('reads the data of events and requests, and the response of replies', () => {
    const metadata = { tenant: 'acme' };
    expect(decode({ pattern: 'orders', data: 1 }).payload).toBe(1);
    expect(decode({ pattern: 'orders', data: 1, id: 'x' }).payload).toBe(1);
    expect(decode({ id: 'x', response: 2 }, 'orders.reply')).toMatchObject({ payload: 2, isReply: true });
    expect({ ...decode({ pattern: 'orders', data: 1, metadata }).metadata }).toEqual(metadata);
    expect(decode({ pattern: 'orders', data: 1 }).metadata).toBe(NO_METADATA);
  });

  it('tells events, requests and replies apart by their metadata, which shows what was attached and no more', () => {
    const metadata = { tenant: 'acme', __proto__: { evil: 1 }, id: 'mine' };
    const packets = [
      decode({ pattern: 'orders', data: 1 }),
      decode({ pattern: 'orders', data: 1, metadata: { id: 'mine' } }),
      decode({ pattern: 'orders', data: 1, id: 'x', metadata }),
      decode({ id: 'x', err: 'no' }, 'orders.reply'),
      decode({ type: 'foreign' }),
    ];
    expect(packets.map((event) => packetOf(event.metadata)?.type)).toEqual([
      undefined,
      'event',
      'request',
      'reply',
      undefined,
    ]);
    expect(packets.map((event) => Object.keys(event.metadata))).toEqual([
      [],
      ['id'],
      ['tenant', 'id'],
      [],
      [],
    ]);
  });

  it.each([
    ['a string', 'orders', 'orders'],
    ['a number', 7, '7'],
    ['an object', { b: 'c', a: { d: 1 } }, '{"a":{"d":1},"b":"c"}'],
    ['an object with quotes', { a: '"' }, '{"a":"\\""}'],
  ])('reads a packet whose pattern is %s', (_what, pattern, channel) => {
    expect(routeOf(pattern)).toBe(channel);
    expect(decode({ pattern, data: 1 }, channel).payload).toBe(1);
  });

  it.each([
    ['no pattern', { data: 1 }],
    ['no data', { pattern: 'orders' }],
    ['another pattern', { pattern: 'others', data: 1 }],
    ['another kind of pattern', { pattern: true, data: 1 }],
    ['a further key', { pattern: 'orders', data: 1, type: 'order' }],
    ['an id that is none', { pattern: 'orders', data: 1, id: {} }],
    ['metadata that is none', { pattern: 'orders', data: 1, metadata: 'x' }],
    ['a reply elsewhere', { id: 'x', response: 1 }],
    ['an array', [1]],
    ['a string', '"text"'],
    ['null', 'null'],
  ])('takes foreign JSON as it stands: %s', (_what, value) => {
    const { payload, isReply } = decode(value);
    expect(payload).toEqual(typeof value === 'string' ? JSON.parse(value) : value);
    expect(isReply ?? false).toBe(false);
  });

  it.each([
    ['a further key', { id: 'x', response: 1, type: 'order' }],
    ['no id', { response: 1 }],
    ['nothing but an id', { id: 'x' }],
    ['an id that is none', { id: [], response: 1 }],
  ])('takes what stands on a reply channel as it stands: %s', (_what, value) => {
    expect(decode(value, 'orders.reply')).toMatchObject({ payload: value, metadata: {} });
  });

  it('has only its own properties for keys of packets', () => {
    const inherited = '{"__proto__":{"pattern":"orders"},"data":1}';
    expect(decode(inherited).payload).toEqual(JSON.parse(inherited));
  });

  it.each([['not JSON'], [''], ['{"pattern":']])('refuses what is not JSON: %p', (text) => {
    expect(() => decode(text)).toThrow(PayloadDecodeError);
    expect(() => codec.decode(Buffer.from([0xff, 0xfe]), 'orders')).toThrow(PayloadDecodeError);
  });

  it('hands on every JSON value that it publishes, on any channel', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ minLength: 1 }), (payload, channel) => {
        const body = Buffer.from(codec.encode(payload, channel) as string);
        expect(codec.decode(body, channel).payload).toEqual(JSON.parse(JSON.stringify(payload)));
      }),
    );
  });

  it('hands on every foreign JSON value as it is', () => {
    const names = fc.constantFrom('pattern', 'data', 'id', 'metadata', 'response', 'err', 'isDisposed', 'x');
    const foreign = fc.oneof(fc.jsonValue(), fc.dictionary(names, fc.jsonValue()));
    fc.assert(
      fc.property(foreign, (value) => {
        const isPacket = (value as { pattern?: unknown } | null)?.pattern === 'orders';
        fc.pre(!isPacket);
        expect(decode(JSON.stringify(value)).payload).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
