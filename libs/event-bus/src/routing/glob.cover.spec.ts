import fc from 'fast-check';
import { globCovers } from './glob.cover.js';
import { parseGlob } from './glob.steps.js';
import { RedisGlob } from './redis-glob.js';
import { TargetShape } from '../plan/target.shape.js';

const covers = (wide: string, narrow: string): boolean => globCovers(parseGlob(wide), parseGlob(narrow));

describe('globCovers', () => {
  it.each([
    ['*', 'a', true],
    ['*', '*', true],
    ['*', '**', true],
    ['**', '*', true],
    ['*', '', false],
    ['', '', true],
    ['', 'a', false],
    ['o:*', 'o:a', true],
    ['o:*', 'o:?', true],
    ['o:*', 'o:', true],
    ['o:*', 'o', false],
    ['o:*', 'o*', false],
    ['o:*', '*', false],
    ['o:?', 'o:*', false],
    ['o:?', 'o:??', false],
    ['*:created', 'orders:*:created', true],
    ['orders:*', '*:created', false],
    ['?*', '*?', true],
    ['*?', '?*', true],
    ['?*', '*', true],
    ['??*', '?*', false],
    ['a*a', 'a*a*a', true],
    ['a*a*a', 'a*a', false],
    ['*a*', '*ba*', true],
    ['*ab*', '*a*b*', false],
    ['[a-c]x', '[ab]x', true],
    ['[ab]x', '[a-c]x', false],
    ['[^a]*', 'b*', true],
    ['[^a]*', '?*', false],
    ['?', 'é', false],
    ['??', 'é', true],
    ['\\*', '*', false],
    ['*', '\\*', true],
    ['*aa*', '*aaa*', true],
    ['*a?a*', '*aba*', true],
    ['*a*b*c*', '*abc*', true],
  ])('%s over %s: %s', (wide, narrow, expected) => {
    expect(covers(wide, narrow)).toBe(expected);
  });

  it('gives up in time, and then says no', () => {
    const hard = `*a${'?'.repeat(40)}*`;
    expect(covers(hard, `*a${'?'.repeat(41)}b*`)).toBe(false);
  });

  const glob = fc
    .array(fc.constantFrom('a', 'b', 'c', '*', '?', '[ab]', '[^a]', '\\*', 'é'), {
      minLength: 1,
      maxLength: 6,
    })
    .map((parts) => parts.join(''));
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', 'd', '*', 'é', '\u0001'), { minLength: 1, maxLength: 8 })
    .map((letters) => letters.join(''));

  it('never says yes where a channel matches the narrow one alone', () => {
    fc.assert(
      fc.property(glob, glob, fc.array(text, { minLength: 20, maxLength: 20 }), (wide, narrow, channels) => {
        if (!covers(wide, narrow)) return true;
        const [wider, narrower] = [new RedisGlob(wide), new RedisGlob(narrow)];
        return channels.every((channel) => !narrower.matches(channel) || wider.matches(channel));
      }),
      { numRuns: 5_000 },
    );
  });

  it('says yes of short globs exactly where every short channel that the narrow one matches is matched', () => {
    const letters = ['a', 'b', 'x'];
    const channels = [1, 2, 3, 4, 5].flatMap((length) => wordsOf(letters, length));
    const short = fc
      .array(fc.constantFrom('a', 'b', '*', '?', '[ab]'), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(short, short, (wide, narrow) => {
        const [wider, narrower] = [new RedisGlob(wide), new RedisGlob(narrow)];
        const isCovered = channels.every((channel) => !narrower.matches(channel) || wider.matches(channel));
        return covers(wide, narrow) === isCovered;
      }),
      { numRuns: 2_000 },
    );
  });

  it('says the same of whole targets, which ask for less', () => {
    const shapeOf = (name: string) => new TargetShape({ kind: 'pattern', name });
    fc.assert(
      fc.property(glob, glob, (wide, narrow) => {
        const isCovered = shapeOf(wide).covers(shapeOf(narrow));
        // What begins with a class of one is not looked for.
        return isCovered ? covers(wide, narrow) : !covers(wide, narrow) || !narrow.startsWith('a');
      }),
      { numRuns: 5_000, examples: [['a*', 'a?']] },
    );
  });
});

describe('TargetShape', () => {
  it('lets patterns cover channels, and channels nothing', () => {
    const [pattern, channel] = [
      new TargetShape({ kind: 'pattern', name: 'o:*' }),
      new TargetShape({ kind: 'channel', name: 'o:*' }),
    ];
    expect(pattern.covers(channel)).toBe(true);
    expect(channel.covers(channel)).toBe(false);
    expect(channel.covers(pattern)).toBe(false);
    expect(pattern.covers(new TargetShape({ kind: 'channel', name: 'p:a' }))).toBe(false);
  });
});

function wordsOf(letters: readonly string[], length: number): string[] {
  if (length === 0) return [''];
  return wordsOf(letters, length - 1).flatMap((word) => letters.map((letter) => word + letter));
}
