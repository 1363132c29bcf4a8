import fc from 'fast-check';
import { backtrackingMatch } from '../../../../test/support/backtracking.match.js';
import { CountedText } from '../../../../test/support/counted.text.js';
import { TemplateMatcher, isParamValue } from './template.matcher.js';

const VALUE = String.raw`([^:*?[\]\\\u0000-\u001f\u007f]+)`;
const TAIL_VALUE = String.raw`([^*?[\]\\\u0000-\u001f\u007f]+)`;

/** The same by a regular expression: greedy, from the first parameter on. Good for short channels alone. */
function byRegExp(texts: readonly string[], hasTail: boolean, channel: string): string[] | undefined {
  const escaped = texts.map((text) =>
    text.replaceAll(/[^]/gu, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`),
  );
  const source = escaped.reduce((before, text, index) => {
    const isTail = hasTail && index === texts.length - 1;
    return `${before}${isTail ? TAIL_VALUE : VALUE}${text}`;
  });
  return new RegExp(`^${source}$`, 'u').exec(channel)?.slice(1);
}

function byMatcher(texts: readonly string[], hasTail: boolean, channel: string): string[] | undefined {
  const matcher = new TemplateMatcher(texts, hasTail);
  return matcher.matches(channel)
    ? texts.slice(1).map((_, index) => matcher.valueIn(channel, index))
    : undefined;
}

const chars = ['a', 'a', 'a', 'b', '.', '-', ':', ':', '\n', '*', 'é', '😀'];
const piece = (maxLength: number, minLength = 0) =>
  fc.string({ unit: fc.constantFrom(...chars), minLength, maxLength });
const template = fc
  .record({
    head: piece(3),
    between: fc.array(piece(3, 1), { maxLength: 3 }),
    foot: piece(3),
    hasTail: fc.boolean(),
  })
  .map(({ head, between, foot, hasTail }) => ({ texts: [head, ...between, hasTail ? '' : foot], hasTail }));
/** Any channel, and ones that are made of the template, of which more match. */
const question = template.chain(({ texts, hasTail }) =>
  fc.record({
    texts: fc.constant(texts),
    hasTail: fc.constant(hasTail),
    channel: fc.oneof(
      piece(12),
      fc
        .array(piece(4, 1), { minLength: texts.length - 1, maxLength: texts.length - 1 })
        .map((values) => texts.reduce((before, text, index) => `${before}${values[index - 1]}${text}`)),
    ),
  }),
);

describe('TemplateMatcher', () => {
  it('finds the values that a greedy regular expression finds', () => {
    let matched = 0;
    fc.assert(
      fc.property(question, ({ texts, hasTail, channel }) => {
        const expected = byRegExp(texts, hasTail, channel);
        expect(byMatcher(texts, hasTail, channel)).toEqual(expected);
        if (expected !== undefined) matched += 1;
      }),
      { numRuns: 5_000 },
    );
    expect(matched).toBeGreaterThan(500);
  });

  it.each([
    [['', '.', ''], false, 'a.b.c', ['a.b', 'c']],
    [['', '.', ''], true, 'a.b.c', ['a.b', 'c']],
    [['', '.', ''], true, 'a.b:c.d', ['a', 'b:c.d']],
    [['', ':', ''], true, 'a:b:c', ['a', 'b:c']],
    [['', ':', ''], true, 'a::c', ['a', ':c']],
    [['x:', ':a:a:', ''], false, 'x:1:a:a:2', ['1', '2']],
    [['', 'aa', 'a'], false, 'aaaaaa', ['aa', 'a']],
  ])('divides by %j (tail: %j) the channel %s', (texts, hasTail, channel, values) => {
    expect(byMatcher(texts, hasTail, channel)).toEqual(values);
    expect(byRegExp(texts, hasTail, channel)).toEqual(values);
  });

  /** The most steps per character, for channels that are hard to divide. */
  const stepsPerCharacter = (texts: readonly string[], hasTail: boolean, length: number): number => {
    const matcher = new TemplateMatcher(texts, hasTail);
    const [head = '', separator = ''] = texts;
    const hostile = [
      head + separator.repeat(length),
      `${head}${separator.repeat(length)}:${texts.at(-1)}`,
      `${head}${`x${separator}`.repeat(length)}:x${texts.at(-1)}`,
      `${head}${`x${separator}`.repeat(length)}`,
      `${head}${separator.slice(0, -1).repeat(length)}x${texts.at(-1)}`,
      `${head}${':'.repeat(length)}${texts.at(-1)}`,
      'a'.repeat(length),
    ];
    return Math.max(
      ...hostile.map((text) => {
        const channel = CountedText.of(text);
        matcher.matches(channel);
        return channel.steps / text.length;
      }),
    );
  };

  it.each([
    [['orders.', '.', '.', '.created'], false],
    [['orders.', '.', '.', ''], true],
    [['', '-', '-', '-', '-', '-', '-', ''], false],
    [['', 'aaaa', 'aaaa', 'aaab', 'a'], false],
    [['x:', ':', ':', ''], true],
  ])('takes no more steps per character of a longer channel: %j (tail: %j)', (texts, hasTail) => {
    const [short, long] = [100, 10_000].map((length) => stepsPerCharacter(texts, hasTail, length)) as [
      number,
      number,
    ];
    expect(long).toBeLessThan(short * 1.1);
    expect(long).toBeLessThan(3 * texts.join('').length);
  });

  it('leaves to a backtracking match what explodes (control)', () => {
    const steps = (length: number): number => {
      const channel = CountedText.of(`orders.${'.'.repeat(length)}:.x.created`);
      backtrackingMatch(['orders.', '.', '.', '.created'], channel);
      return channel.steps / channel.length;
    };
    expect(steps(100)).toBeGreaterThan(3 * steps(50));
  });
});

describe('isParamValue', () => {
  it.each(['a', 'ä', '😀', 'a.b-c', ' '])('takes %j', (text) => {
    expect([isParamValue(text, false), isParamValue(text, true)]).toEqual([true, true]);
  });

  it('takes : in a tail alone', () => {
    expect([isParamValue('a:b', false), isParamValue('a:b', true)]).toEqual([false, true]);
  });

  it.each(['', 'a*', '?', '[', ']', '\\', '\0', '\n', '\u007f'])('does not take %j', (text) => {
    expect([isParamValue(text, false), isParamValue(text, true)]).toEqual([false, false]);
  });
});
