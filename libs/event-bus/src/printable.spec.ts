import fc from 'fast-check';
import { cut, printable, printableLines, quote } from './printable.js';

/** Of each kind, with what it does to a line. */
const HOSTILE: readonly (readonly [string, string])[] = [
  ['a line feed', '\n'],
  ['a carriage return', '\r'],
  ['an escape', '\u001b'],
  ['DEL', '\u007f'],
  ['C1: next line', '\u0085'],
  ['C1: control sequence introducer', '\u009b'],
  ['a line separator', '\u2028'],
  ['a paragraph separator', '\u2029'],
  ['a bidi override', '\u202e'],
  ['a bidi isolate', '\u2066'],
  ['an Arabic letter mark', '\u061c'],
  ['a zero-width space', '\u200b'],
  ['a zero-width joiner', '\u200d'],
  ['a soft hyphen', '\u00ad'],
  ['a byte order mark', '\ufeff'],
  ['a tag', '\u{e0041}'],
  ['half a character', '\ud800'],
];

const SHOWN = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]*$/u;

describe('printable', () => {
  it.each(HOSTILE)('shows %s', (_what, character) => {
    const units = Array.from({ length: character.length }, (_, n) => character.charCodeAt(n).toString(16));
    const shown = units.map((unit) => `\\u${unit.padStart(4, '0')}`).join('');
    expect(printable(`a${character}b`)).toBe(`a${shown}b`);
  });

  it('leaves every other text as it is', () => {
    for (const text of ['', 'orders:created', 'Grüße, 世界 😀 مرحبا', '\\u202e'])
      expect(printable(text)).toBe(text);
  });

  it('leaves nothing in any text that is not shown', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 2, max: 20 }), (text, length) => {
        expect(printable(text)).toMatch(SHOWN);
        expect(quote(text, length)).toMatch(SHOWN);
        expect(cut(text, length).length).toBeLessThanOrEqual(length);
      }),
    );
  });

  it('keeps the lines of a text of ours', () => {
    expect(printableLines('a\n  - b\u202e')).toBe('a\n  - b\\u202e');
  });
});

describe('quote', () => {
  it('is JSON of the same text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        expect(JSON.parse(quote(text))).toBe(text);
      }),
    );
  });

  it('cuts no character in half', () => {
    expect(quote('aa😀', 3)).toBe('"aa…"');
  });
});
