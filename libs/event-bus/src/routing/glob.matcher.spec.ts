import fc from 'fast-check';
import { CountedText } from '../../../../test/support/counted.text.js';
import { compileSteps } from './glob.matcher.js';
import { parseGlob, takes } from './glob.steps.js';
import type { Step } from './glob.steps.js';

/** As it is defined: a star takes nothing or a byte more. Good for short channels alone. */
function byDefinition(steps: readonly Step[], channel: string): boolean {
  if (channel === '') return steps.length === 0;
  const from = (at: number, step: number): boolean => {
    const here = steps[step];
    if (here === undefined) return at === channel.length;
    if (here.kind === 'star') return from(at, step + 1) || (at < channel.length && from(at + 1, step));
    return at < channel.length && takes(here, channel.charCodeAt(at)) && from(at + 1, step + 1);
  };
  return from(0, 0);
}

/** How often each character of the channel is looked at, on average. */
function looksPerCharacter(matches: (channel: string) => boolean, text: string): number {
  const channel = CountedText.of(text);
  matches(channel);
  return channel.steps / text.length;
}

/** Tries the run at each place, one byte after the other. */
function naiveSearch(steps: readonly Step[], channel: string): boolean {
  for (let at = 0; at + steps.length <= channel.length; at += 1) {
    if (steps.every((step, index) => takes(step, channel.charCodeAt(at + index)))) return true;
  }
  return false;
}

describe('compileSteps', () => {
  it('matches what the definition of a glob matches, also where runs are longer than a word', () => {
    const part = fc.oneof(
      fc.constantFrom('*', '?', '[ab]', '[^a]', 'a', 'b'),
      fc.nat(70).map((count) => `${'a'.repeat(count)}[ab]`),
    );
    let matched = 0;
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 5 }).map((parts) => parts.join('')),
        fc.array(
          fc.oneof(
            fc.constantFrom('a', 'b', 'c'),
            fc.nat(70).map((count) => 'a'.repeat(count)),
          ),
          {
            maxLength: 5,
          },
        ),
        (pattern, pieces) => {
          const steps = parseGlob(pattern);
          const channels = [pieces.join(''), pattern.replaceAll('[ab]', 'b').replaceAll(/[*?^[\]]/g, 'a')];
          for (const channel of channels) {
            const expected = byDefinition(steps, channel);
            expect([pattern, channel, compileSteps(steps)(channel)]).toEqual([pattern, channel, expected]);
            if (expected) matched += 1;
          }
        },
      ),
      { numRuns: 2_000 },
    );
    expect(matched).toBeGreaterThan(200);
  });

  it.each([
    ['a long literal and a class', `*${'a'.repeat(5_000)}[bc]*`],
    ['a long literal', `*${'a'.repeat(5_000)}b*`],
    ['a long literal from its end', `*b${'a'.repeat(5_000)}*`],
    ['any bytes and a class', `*${'?'.repeat(5_000)}[bc]*`],
    ['ten stars', `*${`${'a'.repeat(20)}[bc]*`.repeat(9)}`],
  ])('looks at each character of a channel a few times at most: %s', (_what, pattern) => {
    const matches = compileSteps(parseGlob(pattern));
    expect(looksPerCharacter(matches, 'a'.repeat(20_000))).toBeLessThanOrEqual(4);
  });

  it.each([
    ['a literal', `*${'a'.repeat(15)}b*`],
    ['a class', `*${'a'.repeat(15)}[bc]*`],
    ['ten stars', `*${'aaaaaaaa[bc]*'.repeat(9)}`],
  ])('tries what is short at each place: %s', (_what, pattern) => {
    const matches = compileSteps(parseGlob(pattern));
    expect(looksPerCharacter(matches, 'a'.repeat(20_000))).toBeLessThanOrEqual(17);
  });

  it('would look as often as the literal is long (control)', () => {
    const steps = parseGlob(`${'a'.repeat(500)}[bc]`);
    expect(looksPerCharacter((channel) => naiveSearch(steps, channel), 'a'.repeat(2_000))).toBeGreaterThan(
      300,
    );
  });
});
