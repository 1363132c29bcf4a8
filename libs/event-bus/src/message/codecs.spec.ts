import { PayloadDecodeError, PayloadEncodeError } from '../errors.js';
import { cloudEvents } from './cloud-events.codec.js';
import { json } from './json.codec.js';
import { raw } from './raw.codec.js';
import { untyped } from '../../../../test/support/untyped.js';

const read = (text: string | Buffer) => json().decode(Buffer.from(text), 'c').payload;

describe('json() and cloudEvents()', () => {
  const codecs = { json, cloudEvents: (options: object) => cloudEvents({ source: '/x', ...options }) };

  it.each(Object.entries(codecs))(
    '%s: send frames only when asked to, and read them always',
    (_name, codec) => {
      expect([codec({}), codec({ frames: false }), codec({ frames: true })]).toMatchObject([
        { frames: { areSent: false } },
        { frames: { areSent: false } },
        { frames: { areSent: true } },
      ]);
      const sending = codec({ frames: true });
      const { frames } = sending;
      const bodies = [{ id: 1 }, 'two'].map((payload) => sending.encode(payload, 'c'));
      const body = Buffer.from(String(frames?.join(bodies)));
      const records = codec({}).frames?.split(body);
      expect(records?.map((record) => frames?.decode(record, 'c').payload)).toEqual([{ id: 1 }, 'two']);
    },
  );

  it.each([
    [{ frames: 'yes' }, 'json({ frames }) must be true or false'],
    [{ frame: true }, 'json({ frame }) is not an option'],
    [null, 'takes an object'],
  ])('json(%j) says what is wrong', (options, message) => {
    expect(() => json(untyped(options))).toThrow(message);
  });

  it('are the only ones: raw() has none', () => {
    expect(raw().frames).toBeUndefined();
  });
});

describe('json()', () => {
  it.each([[null], [0], [''], ['ä'], [[1, { a: [] }]], [{ id: 1 }]])(
    'carries %j there and back',
    (payload) => {
      expect(read(json().encode(payload, 'c') as string)).toEqual(payload);
    },
  );

  it('writes plain JSON and nothing else', () => {
    expect(json().encode({ id: 1 }, 'c')).toBe('{"id":1}');
    expect(json().decode(Buffer.from('1'), 'c').metadata).toEqual({});
  });

  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a BigInt', 1n],
    ['a nested BigInt', { a: [1n] }],
    ['a cycle', cycle],
  ])('refuses %s', (_name, payload) => {
    expect(() => json().encode(payload, 'c')).toThrow(PayloadEncodeError);
  });

  it('keeps what toJSON threw as the cause', () => {
    const cause = new Error('no');
    const payload = {
      toJSON() {
        throw cause;
      },
    };
    expect(() => json().encode(payload, 'c')).toThrow(expect.objectContaining({ cause }) as Error);
  });

  it.each([
    ['nothing', ''],
    ['half a text', '{"a":'],
    ['two texts', '1 2'],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('does not read %s, and does not repeat it', (_name, body) => {
    const error = (() => {
      try {
        return read(body);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(PayloadDecodeError);
    expect((error as Error).message).not.toContain('{');
  });

  it('reads U+FFFD where it was written, which is also what broken UTF-8 is read as', () => {
    expect(read('"a\uFFFDb"')).toBe('a\uFFFDb');
    expect(() => read(Buffer.concat([Buffer.from('"\uFFFD'), Buffer.from([0xff, 0x22])]))).toThrow(
      'not UTF-8',
    );
  });

  it('touches no prototype', () => {
    const payload = read(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    ) as object;
    expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
    expect(Object.hasOwn(payload, '__proto__')).toBe(true);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('reads what is nested 100,000 deep', () => {
    const depth = 100_000;
    let value = read('['.repeat(depth) + ']'.repeat(depth)) as unknown[];
    let levels = 1;
    while (value.length > 0) {
      value = value[0] as unknown[];
      levels += 1;
    }
    expect(levels).toBe(depth);
  });
});

describe('raw()', () => {
  it.each([
    ['a Buffer', Buffer.from([0, 255])],
    ['a Uint8Array', new Uint8Array([0, 255])],
  ])('takes %s', (_name, payload) => {
    const body = raw().encode(payload, 'c') as Buffer;
    expect([...(raw().decode(body, 'c').payload as Buffer)]).toEqual([0, 255]);
  });

  it('takes text as UTF-8', () => {
    expect(raw().encode('ä', 'c')).toBe('ä');
  });

  it('copies the bytes, so that later changes do not travel', () => {
    const payload = Buffer.from('abc');
    const body = raw().encode(payload, 'c');
    payload.write('xyz');
    expect(body.toString()).toBe('abc');
  });

  it.each([[{}], [1], [null], [undefined]])('refuses %j', (payload) => {
    expect(() => raw().encode(payload, 'c')).toThrow(PayloadEncodeError);
  });
});
