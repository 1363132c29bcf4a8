import { InvalidOptionError } from './errors.js';
import {
  argumentOf,
  checkOption,
  fitting,
  MAX_TIMER_MS,
  milliseconds,
  oneOf,
  optionProblems,
  orFalse,
  throwFirst,
  trueOrFalse,
  unknownOptions,
  wholeNumber,
} from './option.checks.js';

const table = {
  retries: wholeNumber(1, 10),
  timing: { example: 'delayMs: 5', options: { delayMs: milliseconds(0), mode: oneOf('a', 'b', 'c') } },
};

describe('optionProblems', () => {
  it('finds nothing wrong with what is right, left out or undefined', () => {
    for (const options of [
      {},
      { retries: undefined, timing: undefined },
      { retries: 10, timing: { delayMs: 0, mode: 'c' } },
    ]) {
      expect(optionProblems(table, options)).toEqual([]);
    }
  });

  it('names every option that is wrong, in the order of the table, also within a group', () => {
    expect(optionProblems(table, { timing: { mode: 1, delay: 5, delayMs: -1 }, retries: 0 })).toEqual([
      'retries must be a whole number from 1 to 10.',
      `timing.delayMs must be a whole number of milliseconds from 0 to ${MAX_TIMER_MS}.`,
      "timing.mode must be 'a', 'b' or 'c'.",
      'timing.delay is not an option. Known options: delayMs, mode.',
    ]);
  });

  it.each([5, null, 'delayMs'])('says how a group is written to those who gave it %j', (timing) => {
    expect(optionProblems(table, { timing })).toEqual([
      'timing must be an object, e.g. timing: { delayMs: 5 }.',
    ]);
  });

  it('names an option as the argument that it is', () => {
    const options = { retries: 0, timing: { mode: '' } };
    expect(optionProblems(table, options, argumentOf('connect'))).toEqual([
      'connect({ retries }) must be a whole number from 1 to 10.',
      "connect({ timing: { mode } }) must be 'a', 'b' or 'c'.",
    ]);
  });

  it('leaves the names beside the table to unknownOptions', () => {
    expect(optionProblems(table, { retrys: 1 })).toEqual([]);
    expect(unknownOptions(Object.keys(table), { retrys: 1, retries: 1 })).toEqual([
      'retrys is not an option. Known options: retries, timing.',
    ]);
  });
});

describe('a check', () => {
  it.each([
    [wholeNumber(1), 0, 'must be a whole number of at least 1.'],
    [wholeNumber(1, 3), 4, 'must be a whole number from 1 to 3.'],
    [wholeNumber(1, 3), 1.5, 'must be a whole number from 1 to 3.'],
    [wholeNumber(1, 3), '2', 'must be a whole number from 1 to 3.'],
    [milliseconds(), 0, `must be a whole number of milliseconds from 1 to ${MAX_TIMER_MS}.`],
    [milliseconds(), 2 ** 31, `must be a whole number of milliseconds from 1 to ${MAX_TIMER_MS}.`],
    [milliseconds(), Infinity, `must be a whole number of milliseconds from 1 to ${MAX_TIMER_MS}.`],
    [oneOf('x', 'y'), 'z', "must be 'x' or 'y'."],
    [trueOrFalse, 'yes', 'must be true or false.'],
    [orFalse(wholeNumber(1)), true, 'must be a whole number of at least 1.'],
    [fitting(() => false, 'is wrong.'), 1, 'is wrong.'],
  ])('says what to write instead of %#', (check, value, problem) => expect(check(value)).toBe(problem));

  it.each([
    [wholeNumber(1), Number.MAX_SAFE_INTEGER],
    [wholeNumber(1, 3), 3],
    [milliseconds(), MAX_TIMER_MS],
    [oneOf('x', 'y'), 'y'],
    [trueOrFalse, false],
    [orFalse(wholeNumber(1)), false],
  ])('takes what it asks for (%#)', (check, value) => expect(check(value)).toBeUndefined());
});

describe('throwFirst', () => {
  it('throws an InvalidOptionError with the first of what is wrong, as it stands', () => {
    expect(() => throwFirst(['a.b must be 1.', 'c must be 2.'])).toThrow(
      new InvalidOptionError('a.b', 'must be 1.'),
    );
    expect(() => throwFirst(['connect({ a: { b } }) must be 1.'])).toThrow(
      /^connect\(\{ a: \{ b \} \}\) must be 1\.$/,
    );
  });

  it('throws nothing when nothing is wrong', () => {
    expect(throwFirst([])).toBeUndefined();
    expect(throwFirst([undefined])).toBeUndefined();
  });
});

describe('checkOption', () => {
  it('throws an InvalidOptionError that begins with the name of the option', () => {
    expect(() => checkOption('timeoutMs', 0, milliseconds())).toThrow(InvalidOptionError);
    expect(() => checkOption('timeoutMs', 0, milliseconds())).toThrow(/^timeoutMs must be a whole number/);
    expect(checkOption('timeoutMs', 1, milliseconds())).toBeUndefined();
  });
});
