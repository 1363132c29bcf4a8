import { WORST_WEIGHT, weightOf } from './payload.weight.js';

const MIB = 1024 * 1024;
const filled = (text: string, length = MIB) => Buffer.from(text.repeat(Math.ceil(length / text.length)));

describe('weightOf', () => {
  // What V8 takes for an array of it, measured per character: see the second number.
  it.each<[string, number]>([
    ['{},', 21],
    ['[],', 13],
    ['[1],', 16],
    [`${'['.repeat(8)}${']'.repeat(8)},`, 28],
    ['{"a":{}},', 11],
    ['1,', 4],
  ])('is no less than what JSON of %j takes, and not much more', (text, perByte) => {
    for (const length of [900, 100_000, MIB]) {
      const body = filled(text, length);
      for (const form of [body, body.toString()]) {
        const weight = weightOf(form) / body.length;
        expect(weight).toBeGreaterThan(perByte * 0.8);
        expect(weight).toBeLessThan(perByte * 2.5);
      }
    }
  });

  it('is a few times the bytes of what services usually send', () => {
    const body = filled('{"id":1234,"name":"Some Customer","total":99.5,"items":["first","second"]},');
    expect(weightOf(body) / body.length).toBeLessThan(8);
    expect(weightOf('x'.repeat(1_000))).toBe(1_000);
    expect(weightOf('ä'.repeat(1_000))).toBeGreaterThanOrEqual(1_000);
  });

  it('is about the same wherever in a long text the heavy part stands', () => {
    const [light, heavy] = [filled('x', MIB / 2), filled('{},', MIB / 2)];
    for (const body of [Buffer.concat([light, heavy]), Buffer.concat([heavy, light])]) {
      const weight = weightOf(body) / body.length;
      expect(weight).toBeGreaterThan(8);
      expect(weight).toBeLessThan(18);
    }
  });

  it('looks at as much of a long text as of one of 1,024 bytes', () => {
    let looked = 0;
    const counting = (length: number) =>
      new Proxy(Buffer.alloc(0), {
        get: (_target, name) => {
          if (name === 'length') return length;
          looked += 1;
          return 0x7b;
        },
      });
    weightOf(counting(MIB));
    expect(looked).toBe(1_024);
  });

  it('has a worst case that nothing exceeds', () => {
    for (const text of ['[', '[]', '{},', '[{},', '[[],'])
      expect(weightOf(filled(text)) / MIB).toBeLessThan(2.1 * WORST_WEIGHT);
  });
});
