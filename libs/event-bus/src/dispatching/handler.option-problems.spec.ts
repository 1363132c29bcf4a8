import { optionProblems } from '../option.checks.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import { parseTarget } from '../routing/handler-target.js';
import { HANDLER_OPTIONS, deadLetterProblem } from './handler.option-problems.js';
import { untyped } from '../../../../test/support/untyped.js';

describe('HANDLER_OPTIONS', () => {
  it.each<[object, string]>([
    [{ concurrency: 0 }, 'concurrency must be a whole number from 1 to 1000000.'],
    [{ concurrency: 1.5 }, 'concurrency must be'],
    [{ concurrency: Infinity }, 'concurrency must be'],
    [{ concurrency: '4' }, 'concurrency must be'],
    [{ timeoutMs: 0 }, 'timeoutMs must be a whole number of milliseconds from 1 to 2147483647.'],
    [{ timeoutMs: 2 ** 31 }, 'timeoutMs must be'],
    [{ orderBy: 'key' }, "orderBy must be 'channel', 'none' or a function"],
    [{ buffer: 100 }, 'buffer must be an object, e.g. buffer: { events: 1000 }.'],
    [{ buffer: { events: 0 } }, 'buffer.events must be'],
    [{ buffer: { bytes: -1 } }, 'buffer.bytes must be'],
    [{ buffer: { overflow: 'drop' } }, "buffer.overflow must be 'drop-oldest' or 'drop-newest'."],
    [{ buffer: { size: 1 } }, 'buffer.size is not an option. Known options: events, bytes, overflow.'],
    [{ retry: 3 }, 'retry must be an object, e.g. retry: { attempts: 3 }.'],
    [{ retry: { attempts: 0 } }, 'retry.attempts must be'],
    [
      { retry: { delayMs: -1 } },
      'retry.delayMs must be a whole number of milliseconds from 0 to 2147483647.',
    ],
    [{ retry: { factor: 0.5 } }, 'retry.factor must be a number from 1 to 100.'],
    [{ retry: { factor: Number.NaN } }, 'retry.factor must be'],
    [{ retry: { retries: 3 } }, 'retry.retries is not an option.'],
    [{ deadLetter: '' }, 'deadLetter is not a valid channel: the channel is empty.'],
    [{ deadLetter: 'dead:*' }, 'deadLetter is not a valid channel: it contains a glob character'],
    [{ deadLetter: '__dead' }, 'deadLetter is not a valid channel: names that start with "__"'],
    [{ deadLetter: true }, 'deadLetter is not a valid channel: the channel must be a string.'],
    [{ group: '' }, "group must be 1 to 64 letters, digits, '.', '_' or '-', e.g. group: 'notifications'."],
    [{ group: 'a:b' }, 'group must be'],
    [{ group: 'x'.repeat(65) }, 'group must be'],
    [{ group: true }, 'group must be'],
  ])('says what to write instead of %j', (options, problem) => {
    expect(optionProblems(HANDLER_OPTIONS, untyped(options))).toEqual([expect.stringContaining(problem)]);
  });

  it('names everything that is wrong at once', () => {
    const problems = optionProblems(HANDLER_OPTIONS, {
      concurrency: 0,
      timeoutMs: 0,
      orderBy: 1,
      buffer: { events: 0, bytes: 0, size: 0 },
      retry: { attempts: 0, times: 1 },
      deadLetter: '',
      group: '',
    });
    expect(problems).toHaveLength(10);
  });

  it.each<object>([
    {},
    { concurrency: 1, timeoutMs: 1, orderBy: 'none', group: 'a.b_c-1', deadLetter: 'orders:dead' },
    { orderBy: () => 'x', buffer: { events: 1, bytes: 1, overflow: 'drop-newest' } },
    { retry: { attempts: 1, delayMs: 0, factor: 1 } },
    { deadLetter: false, group: false, concurrency: undefined, buffer: undefined },
  ])('finds nothing wrong with %j', (options) => {
    expect(optionProblems(HANDLER_OPTIONS, untyped(options))).toEqual([]);
  });
});

describe('deadLetterProblem', () => {
  const prefix = new ChannelPrefix('app:');
  const problemOf = (target: string, deadLetter: string | false, kind?: 'shard') =>
    deadLetterProblem(deadLetter, [parseTarget('other', prefix), parseTarget(target, prefix, kind)], prefix);

  it.each([
    ['orders:*', 'orders:dead'],
    ['orders', 'orders'],
    ['*', 'dead'],
    ['orders:<id>', 'orders:dead'],
  ])('refuses a channel that the own target %s matches: %s', (target, deadLetter) => {
    expect(problemOf(target, deadLetter)).toBe(
      `deadLetter "${deadLetter}" matches the handler's own target "${target}", so the handler would get its own dead letters. Choose another channel.`,
    );
  });

  it.each<[string, string | false, 'shard' | undefined]>([
    ['orders:*', 'dead:orders', undefined],
    ['*', false, undefined],
    ['orders:<id>', 'orders:dead:letters', undefined],
    ['orders', 'orders', 'shard'],
  ])('takes what %s does not match: %s', (target, deadLetter, kind) => {
    expect(problemOf(target, deadLetter, kind)).toBeUndefined();
  });
});
