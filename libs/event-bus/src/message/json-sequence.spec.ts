import fc from 'fast-check';
import { countRecords, jsonSequenceIn, toJsonSequence } from './json-sequence.js';

const read = (body: Buffer | string) =>
  jsonSequenceIn(body)?.map((record) => JSON.parse(record.toString()) as unknown);

describe('a JSON text sequence', () => {
  it('gives back every text, in its order', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1 }), (values) => {
        const body = Buffer.from(toJsonSequence(values.map((value) => JSON.stringify(value))));
        expect(JSON.stringify(read(body))).toBe(JSON.stringify(values));
      }),
    );
  });

  it('gives back as much from its text as from its bytes', () => {
    const parts = fc.constantFrom('\u001E', '\n', ' ', '1', '"\uFFFD"', '[', 'ä', '"\u{1F600}"');
    fc.assert(
      fc.property(fc.array(parts), (pieces) => {
        const text = `\u001E${pieces.join('')}`;
        expect(jsonSequenceIn(text)).toEqual(jsonSequenceIn(Buffer.from(text)));
        expect(countRecords(text)).toBe(countRecords(Buffer.from(text)));
      }),
    );
  });

  it('is written as RFC 7464 says: 1E before each text, a line feed behind it', () => {
    expect(toJsonSequence(['1', Buffer.from('"ä"')])).toBe('\u001E1\n\u001E"ä"\n');
  });

  it.each(['', '1', '{"a":"\\u001e"}', '[\u001E]', ' \u001E1'])(
    'is not what begins otherwise: %j',
    (text) => {
      expect(jsonSequenceIn(Buffer.from(text))).toBeUndefined();
      expect(jsonSequenceIn(text)).toBeUndefined();
    },
  );

  it('of somebody else may have empty records and lack line feeds', () => {
    expect(read(Buffer.from('\u001E\u001E\n\u001E1\u001E 2 \u001E'))).toEqual([1, 2]);
  });

  it.each(['\u001E', '\u001E\n', '\u001E\u001E'])('without a text has one, which is empty: %j', (text) => {
    expect(jsonSequenceIn(Buffer.from(text))).toEqual(['']);
  });

  it.each([
    ['', 0],
    ['[1,\u001E]', 0],
    ['\u001Enull\u001Enull', 2],
    ['\u001E1\n\u001E"ä"\n\u001E\n', 3],
  ])('is counted without being read: %j has %i', (text, count) => {
    expect(countRecords(Buffer.from(text))).toBe(count);
    expect(countRecords(text)).toBe(count);
  });

  it('keeps the bytes of each record apart where some are no UTF-8', () => {
    const broken = Buffer.concat([
      Buffer.from('\u001E1\n\u001E"'),
      Buffer.from([0xff]),
      Buffer.from('"\n\u001E2'),
    ]);
    expect(jsonSequenceIn(broken)).toEqual([
      Buffer.from('1\n'),
      Buffer.from([0x22, 0xff, 0x22, 0x0a]),
      Buffer.from('2'),
    ]);
    expect(read(Buffer.from('\u001E"\uFFFD"\n'))).toEqual(['\uFFFD']);
  });
});
