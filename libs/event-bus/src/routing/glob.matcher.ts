import type { ByteSet, Step } from './glob.steps.js';
import { byteString, textOf } from './glob.steps.js';

/** Whether a channel matches. */
export type Matcher = (channel: string) => boolean;

/** The part between two stars: a fixed number of bytes (or of characters, if all runs are literal). */
interface Run {
  readonly length: number;
  fits(subject: string, at: number): boolean;
  /** The first position from `from` to `last` where it matches, or -1. */
  find(subject: string, from: number, last: number): number;
}

/** A part between two stars is tried at each position, which is fastest for short parts. */
const SHORT_RUN = 16;

/** Matching takes time linear in the length of the channel, because any publisher chooses it. */
export function compileSteps(steps: readonly Step[]): Matcher {
  const runs = splitAtStars(steps);
  const texts = runs.map(literalText);
  const areShort = runs.slice(1, -1).every((run) => run.length <= SHORT_RUN);
  // UTF-8 and UTF-16 agree on the position of a whole literal text, so literals need no encoding per match.
  if (areShort && texts.every((text) => text !== undefined)) return literalMatcher(texts);
  return runMatcher(runs.map(byteRun), byteString);
}

function splitAtStars(steps: readonly Step[]): Step[][] {
  const runs: Step[][] = [[]];
  for (const step of steps) {
    if (step.kind === 'star') runs.push([]);
    else runs.at(-1)?.push(step);
  }
  return runs;
}

/** A lone surrogate is also encoded as U+FFFD, so only the bytes distinguish them: such a text is not compared as text. */
function literalText(run: readonly Step[]): string | undefined {
  let bytes = '';
  for (const step of run) {
    if (!('byte' in step)) return undefined;
    bytes += step.byte;
  }
  const text = textOf(bytes);
  return text.includes('\ufffd') ? undefined : text;
}

/** Most patterns are a channel or have one star, and need no loop. */
function literalMatcher(texts: readonly string[]): Matcher {
  const [head = '', tail] = texts;
  if (tail === undefined) return (channel) => channel === head;
  if (texts.length > 2) return runMatcher(texts.map(textRun), (channel) => channel);
  const minLength = Math.max(1, head.length + tail.length);
  return (channel) => channel.length >= minLength && channel.startsWith(head) && channel.endsWith(tail);
}

/** The ends are fixed; each run between them takes the first position where it matches, which never prevents a later match. */
function runMatcher(runs: readonly Run[], subjectOf: (channel: string) => string): Matcher {
  const [head, ...rest] = runs as readonly [Run, ...Run[]];
  const tail = rest.pop();
  const between = rest.filter((run) => run.length > 0);
  if (!tail) {
    return (channel) => {
      const subject = subjectOf(channel);
      return subject.length === head.length && head.fits(subject, 0);
    };
  }
  return (channel) => {
    const subject = subjectOf(channel);
    const end = subject.length - tail.length;
    if (subject === '' || end < head.length) return false;
    if (!head.fits(subject, 0) || !tail.fits(subject, end)) return false;
    let from = head.length;
    for (const run of between) {
      const at = run.find(subject, from, end - run.length);
      if (at < 0) return false;
      from = at + run.length;
    }
    return true;
  };
}

function textRun(text: string): Run {
  return {
    length: text.length,
    fits: (subject, at) => subject.startsWith(text, at),
    find: (subject, from, last) => {
      const at = subject.indexOf(text, from);
      return at <= last ? at : -1;
    },
  };
}

function byteRun(steps: readonly Step[]): Run {
  const tests = steps.map(byteTest);
  const fits = (subject: string, at: number): boolean => {
    for (let i = 0; i < tests.length; i += 1) {
      const test = tests[i];
      const byte = subject.charCodeAt(at + i);
      if (typeof test === 'number' ? byte !== test : test && test[byte] !== 1) return false;
    }
    return true;
  };
  const tried: Run['find'] = (subject, from, last) => {
    for (let at = from; at <= last; at += 1) if (fits(subject, at)) return at;
    return -1;
  };
  return { length: tests.length, fits, find: tests.length <= SHORT_RUN ? tried : byteSearch(tests) };
}

/**
 * Reads each byte once ("shift-and"): the n-th bit says whether the bytes so far match the first n tests, for all n at once.
 */
function byteSearch(tests: readonly ByteTest[]): Run['find'] {
  const words = Math.ceil(tests.length / 32);
  const goal = 1 << ((tests.length - 1) % 32);
  const masks = new Int32Array(256 * words);
  for (const [index, test] of tests.entries()) {
    const bit = 1 << (index % 32);
    for (let byte = 0; byte < 256; byte += 1) {
      if (passes(test, byte)) masks[byte * words + (index >> 5)]! |= bit;
    }
  }
  const state = new Int32Array(words);
  return (subject, from, last) => {
    state.fill(0);
    for (let at = from; at < last + tests.length; at += 1) {
      const row = subject.charCodeAt(at) * words;
      let carry = 1;
      for (let word = 0; word < words; word += 1) {
        const before = state[word] as number;
        state[word] = ((before << 1) | carry) & (masks[row + word] as number);
        carry = before >>> 31;
      }
      if (((state[words - 1] as number) & goal) !== 0) return at - tests.length + 1;
    }
    return -1;
  };
}

function passes(test: ByteTest, byte: number): boolean {
  if (typeof test === 'number') return byte === test;
  return test === undefined || test[byte] === 1;
}

/** The one byte, the possible bytes, or undefined for any byte. */
type ByteTest = number | ByteSet | undefined;

function byteTest(step: Step): ByteTest {
  if (step.kind === 'class') return step.members;
  return 'byte' in step ? step.byte.charCodeAt(0) : undefined;
}
