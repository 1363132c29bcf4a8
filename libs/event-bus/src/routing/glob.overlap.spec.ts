import fc from 'fast-check';
import { globsOverlap } from './glob.overlap.js';
import { RedisGlob } from './redis-glob.js';

describe('globsOverlap', () => {
  it.each([
    ['orders:*', 'orders:created', true],
    ['orders:*', '*:created', true],
    ['orders:*', 'bills:*', false],
    ['a?', 'a[bc]', true],
    ['a[b]', 'a[c]', false],
    ['a*c', 'ab', false],
    ['*a*', '*b*', true],
    ['*', '*', true],
    ['a', 'a', true],
    ['a', 'ab', false],
    ['\\*', '*', true],
    ['\\*', 'x', false],
  ])('%s and %s: %s', (first, second, expected) => {
    expect([globsOverlap(first, second), globsOverlap(second, first)]).toEqual([expected, expected]);
  });

  it('says yes whenever a channel matches both', () => {
    const glob = fc.array(fc.constantFrom('a', 'b', '*', '?', '[ab]', '[^a]', '\\*'), {
      minLength: 1,
      maxLength: 6,
    });
    const channel = fc.array(fc.constantFrom('a', 'b', 'c', '*'), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(glob, glob, channel, (one, other, letters) => {
        const [first, second, name] = [one.join(''), other.join(''), letters.join('')];
        const matchesBoth = new RedisGlob(first).matches(name) && new RedisGlob(second).matches(name);
        return !matchesBoth || globsOverlap(first, second);
      }),
      { numRuns: 5_000 },
    );
  });
});
