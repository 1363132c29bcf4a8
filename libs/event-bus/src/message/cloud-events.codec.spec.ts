import { jest } from '@jest/globals';
import fc from 'fast-check';
import { InvalidOptionError, PayloadDecodeError, PayloadEncodeError } from '../errors.js';
import { cloudEvents } from './cloud-events.codec.js';
import type { EventHeaders, EventStamp } from './event.codec.js';
import { MAX_STAMP_BYTES } from './event.codec.js';
import { untyped } from '../../../../test/support/untyped.js';

const codec = cloudEvents({ source: '/orders' });

/** What is sent, as anybody else would read it. */
const envelope = (payload: unknown, headers?: EventHeaders): Record<string, unknown> =>
  JSON.parse(codec.encode(payload, 'orders:created', headers) as string) as Record<string, unknown>;
const read = (body: unknown) =>
  codec.decode(
    Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    'c',
  );
const event = (more: object = {}) => ({ specversion: '1.0', id: 'a', source: 'b', type: 'c', ...more });

const caught = (call: () => unknown): Error => {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('It did not throw.');
};

describe('cloudEvents()', () => {
  it.each([
    ['of its own', {}, 'x'],
    ['of the publisher', { id: 'a\\"b\n' }, 'x'],
    ['before that of the payload', { id: 'a' }, { id: 'b' }],
  ])('reads an id %s without decoding', (_what, headers, payload) => {
    const body = codec.encode(payload, 'a","id":"d', headers);
    expect(codec.idOf?.(body)).toBe(read(body).metadata.id);
  });

  it('sends the time of each event, also after the clock was set back', () => {
    jest.useFakeTimers({ now: 1_000_000 });
    try {
      const times = [0, 0, 1, 3_600_000, -7_200_000].map((stepMs) => {
        jest.setSystemTime(Date.now() + stepMs);
        return [envelope(1)['time'], envelope(1, { tenant: 'x' })['time'], new Date().toISOString()];
      });
      expect(times.map(([, , now]) => [now, now, now])).toEqual(times);
      expect(new Set(times.flat()).size).toBe(4);
    } finally {
      jest.useRealTimers();
    }
  });

  it('sends a CloudEvent 1.0 in the structured JSON format', () => {
    const sent = envelope({ id: 1 });
    expect(sent).toEqual({
      specversion: '1.0',
      id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/),
      source: '/orders',
      type: 'orders:created',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      datacontenttype: 'application/json',
      data: { id: 1 },
    });
    expect(Math.abs(Date.parse(sent['time'] as string) - Date.now())).toBeLessThan(60_000);
    expect(envelope(1)['id']).not.toBe(envelope(1)['id']);
  });

  it('brings any JSON payload, channel and metadata there and back', () => {
    const name = fc.stringMatching(/^[a-z0-9]{1,20}$/).map((text) => `x${text}`.slice(0, 20));
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.string(),
        fc.dictionary(name, fc.string()),
        (payload, channel, headers) => {
          const body = Buffer.from(codec.encode(payload, channel, headers));
          const decoded = codec.decode(body, channel);
          expect(decoded.payload).toEqual(JSON.parse(JSON.stringify(payload)));
          expect({ ...decoded.metadata }).toMatchObject({ ...headers, source: '/orders' });
          expect(decoded.stamp).toBeUndefined();
        },
      ),
    );
  });

  it('brings any bytes there and back, as a Buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const { payload } = read(codec.encode(bytes, 'c'));
        expect(Buffer.isBuffer(payload)).toBe(true);
        expect([...(payload as Buffer)]).toEqual([...bytes]);
      }),
    );
    const backing = Buffer.from('..view..');
    const view = new Uint8Array(backing.buffer, backing.byteOffset + 2, 4);
    expect(envelope(view)).toMatchObject({
      datacontenttype: 'application/octet-stream',
      data_base64: 'dmlldw==',
    });
    expect(envelope(view)).not.toHaveProperty('data');
  });

  it('makes attributes of headers', () => {
    const headers = {
      id: 'order-1',
      time: '2026-01-02T03:04:05.678+01:00',
      subject: 'order 1',
      dataschema: 'https://shop.example/order.json',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: '',
      tenant2: 'é "quoted"\n',
    };
    expect(envelope(1, headers)).toMatchObject(headers);
    expect({ ...read(codec.encode(1, 'c', headers)).metadata }).toEqual({
      ...headers,
      source: '/orders',
      type: 'c',
      datacontenttype: 'application/json',
    });
  });

  it.each([
    'specversion',
    'source',
    'type',
    'datacontenttype',
    'data',
    'data_base64',
    'publisherid',
    'sequence',
  ])('does not let a header set %s', (name) => {
    const error = caught(() => codec.encode(1, 'c', { [name]: 'x' }));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error.message).toBe(`headers["${name}"] is set by cloudEvents() itself. Leave it out.`);
  });

  it.each([
    ['a capital letter', { traceParent: 'x' }, 'is not a valid name of a CloudEvents attribute'],
    ['a hyphen', { 'trace-parent': 'x' }, 'is not a valid name of a CloudEvents attribute'],
    ['nothing', { '': 'x' }, 'is not a valid name of a CloudEvents attribute'],
    ['more than 20 characters', { ['a'.repeat(21)]: 'x' }, 'is not a valid name of a CloudEvents attribute'],
    ['the prototype', JSON.parse('{"__proto__":"x"}'), 'is not a valid name of a CloudEvents attribute'],
    ['a number', { count: 1 }, 'must be a string, not number'],
    ['undefined', { traceparent: undefined }, 'must be a string, not undefined'],
    ['null', { traceparent: null }, 'must be a string, not null'],
    ['an empty id', { id: '' }, 'must not be empty'],
    ['an empty subject', { subject: '' }, 'must not be empty'],
    ['a date of its own kind', { time: 'yesterday' }, 'RFC 3339'],
    ['a month that there is not', { time: '2026-13-01T00:00:00Z' }, 'RFC 3339'],
  ])('refuses a header: %s', (_what, headers, problem) => {
    const error = caught(() => codec.encode(1, 'c', untyped(headers)));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error.message).toContain(problem);
  });

  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a nested BigInt', { a: [1n] }],
    ['a cycle', cycle],
  ])('refuses the payload: %s', (_what, payload) => {
    expect(() => codec.encode(payload, 'c')).toThrow(PayloadEncodeError);
  });

  it.each([
    [undefined, 'takes an object'],
    [{}, 'must be a non-empty string'],
    [{ source: '' }, 'must be a non-empty string'],
    [{ source: 7 }, 'must be a non-empty string'],
    [{ source: 'my orders' }, 'percent-encode it'],
    [{ source: '/größe' }, 'percent-encode it'],
    [{ source: '/100%' }, 'percent-encode it'],
    [{ source: '/a#b#c' }, 'more than one #'],
    [{ source: '1:orders' }, 'must begin with a scheme or a path'],
    [{ source: ':orders' }, 'must begin with a scheme or a path'],
  ])('refuses the options %j', (options, problem) => {
    const error = caught(() => cloudEvents(untyped(options)));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error.message).toContain(problem);
    expect(error.message).toContain("Write cloudEvents({ source: '/orders' }).");
  });

  it.each([
    [
      { source: '/orders', frame: true },
      'cloudEvents({ frame }) is not an option. Known options: source, frames.',
    ],
    [{ source: '/orders', frames: 'yes' }, 'cloudEvents({ frames }) must be true or false.'],
  ])('says what it knows instead of the options %j', (options, problem) => {
    expect(caught(() => cloudEvents(untyped(options))).message).toContain(problem);
  });

  it.each([
    'orders',
    '/orders',
    'urn:shop:orders',
    'https://shop.example:80/a?b=c#d',
    '//host/a',
    './a:b',
    'a%20b',
  ])('takes the source %s', (source) => {
    const sent = JSON.parse(String(cloudEvents({ source }).encode(1, 'c'))) as object;
    expect(sent).toMatchObject({ source });
  });
});

describe('cloudEvents().stamp', () => {
  const stamped = (stamp: EventStamp, payload: unknown = { a: 1 }) =>
    codec.stamp?.(codec.encode(payload, 'orders'), stamp) as string;

  it('adds the publisher and a sequence that sorts as text', () => {
    const sent = JSON.parse(stamped({ publisher: 'abc.1', sequence: 42 })) as Record<string, unknown>;
    expect(sent).toMatchObject({ publisherid: 'abc.1', sequence: '0000000000000042', data: { a: 1 } });
    const texts = [1, 9, 10, 99, 2 ** 31, Number.MAX_SAFE_INTEGER].map(
      (sequence) => (JSON.parse(stamped({ publisher: 'p', sequence })) as { sequence: string }).sequence,
    );
    expect(texts.toSorted()).toEqual(texts);
  });

  it('adds no more bytes than receivers are told to expect', () => {
    const plain = Buffer.byteLength(codec.encode({ a: 1 }, 'orders'));
    const publisher = `${'z'.repeat(12)}.${Number.MAX_SAFE_INTEGER.toString(36)}`;
    const body = stamped({ publisher, sequence: Number.MAX_SAFE_INTEGER });
    expect(Buffer.byteLength(body) - plain).toBeLessThanOrEqual(MAX_STAMP_BYTES);
  });

  it('is read again, and shows in the metadata', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.jsonValue(), (number, payload) => {
        const stamp = { publisher: 'abc.1', sequence: Math.max(1, number) };
        const decoded = read(stamped(stamp, payload));
        expect(decoded.stamp).toEqual(stamp);
        expect(decoded.metadata['publisherid']).toBe('abc.1');
      }),
    );
  });

  it.each([
    ['no publisher', { sequence: '1' }],
    ['an empty publisher', { publisherid: '', sequence: '1' }],
    ['a publisher that is no text', { publisherid: 1, sequence: '1' }],
    ['no sequence', { publisherid: 'p' }],
    ['a number', { publisherid: 'p', sequence: 1 }],
    ['zero', { publisherid: 'p', sequence: '0000' }],
    ['a negative number', { publisherid: 'p', sequence: '-1' }],
    ['a hexadecimal number', { publisherid: 'p', sequence: '0x1' }],
    ['a fraction', { publisherid: 'p', sequence: '1.5' }],
    ['one too large to count with', { publisherid: 'p', sequence: '9007199254740992' }],
    ['words', { publisherid: 'p', sequence: 'one' }],
  ])('is not made of %s', (_what, attributes) => {
    expect(read(event({ data: 1, ...attributes }))).not.toHaveProperty('stamp');
  });
});

describe('cloudEvents().decode', () => {
  it.each([
    ['data', { data: { a: 1 } }, { a: 1 }],
    ['text that is not JSON as text', { datacontenttype: 'text/xml', data: '<a/>' }, '<a/>'],
    ['bytes', { data_base64: '/wA=' }, Buffer.from([255, 0])],
    ['bytes, and not what stands beside them', { data: 1, data_base64: '' }, Buffer.alloc(0)],
    ['null', { data: null }, null],
    ['null where there is no data', {}, null],
    ['data where data_base64 is not set', { data: 1, data_base64: null }, 1],
  ])('hands over %s', (_what, members, payload) => {
    expect(read(event(members)).payload).toEqual(payload);
  });

  it('makes metadata of the other attributes', () => {
    const { metadata } = read(event({ data: 1, time: 'T', subject: null, tenant: 'x', flag: true, n: 7 }));
    expect({ ...metadata }).toEqual({
      id: 'a',
      source: 'b',
      type: 'c',
      time: 'T',
      tenant: 'x',
      flag: true,
      n: 7,
    });
    expect(Object.getPrototypeOf(metadata)).toBeNull();
    expect(Object.isFrozen(metadata)).toBe(true);
  });

  it.each([
    [null],
    [7],
    ['text'],
    [[event()]],
    [{ id: 1 }],
    [event({ specversion: '0.3' })],
    [event({ specversion: 1 })],
    [event({ id: 7 })],
    [event({ source: null })],
    [event({ type: undefined })],
  ])('takes %j for a payload without metadata', (value) => {
    const decoded = read(JSON.stringify(value));
    expect(decoded.payload).toEqual(JSON.parse(JSON.stringify(value)));
    expect(Object.keys(decoded.metadata)).toEqual([]);
    expect(decoded).not.toHaveProperty('stamp');
  });

  it.each([
    ['nothing', '', 'it is empty'],
    ['half a text', '{"specversion":"1.0"', 'it is not JSON'],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'it is not UTF-8'],
    ['bytes that are not base64', JSON.stringify(event({ data_base64: 'ä***' })), 'not base64'],
    ['base64 that was cut', JSON.stringify(event({ data_base64: '/wA' })), 'not base64'],
    ['base64 that is no text', JSON.stringify(event({ data_base64: 7 })), 'not base64'],
  ])('does not read %s', (_what, body, problem) => {
    const error = caught(() => read(body));
    expect(error).toBeInstanceOf(PayloadDecodeError);
    expect(error.message).toContain(problem);
  });

  it('touches no prototype', () => {
    const text = JSON.stringify(event({ data: 0 })).replace(
      '"data":0',
      '"data":{"__proto__":{"polluted":1}},"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}',
    );
    const { payload, metadata } = read(text);
    expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(metadata)).toBeNull();
    expect(Object.hasOwn(metadata, '__proto__')).toBe(true);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect((metadata as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('takes no attribute of a CloudEvent from a prototype', () => {
    const value = read('{"__proto__":{"specversion":"1.0","id":"a","source":"b","type":"c"},"a":1}');
    expect(Object.keys(value.metadata)).toEqual([]);
  });

  it('reads what is nested 100,000 deep', () => {
    const data = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(read(JSON.stringify(event({ data: 0 })).replace('"data":0', `"data":${data}`)).metadata.id).toBe(
      'a',
    );
  });
});
