import type { ChannelPrefix } from '../routing/channel-prefix.js';
import { publishProblem } from '../routing/channel-prefix.js';
import type { EventTarget } from '../routing/event-target.js';

const MAX_TIMER_MS = 2 ** 31 - 1;
const MAX_BYTES = 2 ** 40;

export const HANDLER_OPTION_NAMES = [
  'concurrency',
  'orderBy',
  'buffer',
  'timeoutMs',
  'stuckAfterMs',
  'retry',
  'deadLetter',
  'group',
] as const;

/** What is wrong with options of a handler, each with what to write instead. Looks at no other option. */
export function handlerOptionProblems(options: Readonly<Record<string, unknown>>): string[] {
  const { concurrency, orderBy, buffer, timeoutMs, stuckAfterMs, retry, deadLetter, group } = options;
  const problems = [
    wholeNumber('concurrency', concurrency, 1, 1_000_000),
    wholeNumber('timeoutMs', timeoutMs, 1, MAX_TIMER_MS),
    stuckAfterMs === false ? undefined : wholeNumber('stuckAfterMs', stuckAfterMs, 1, MAX_TIMER_MS),
    ...bufferProblems(buffer),
    ...retryProblems(retry),
  ];
  if (orderBy !== undefined && orderBy !== 'channel' && orderBy !== 'none' && typeof orderBy !== 'function') {
    problems.push("orderBy must be 'channel', 'none' or a function that returns the key of an event.");
  }
  if (deadLetter !== undefined && deadLetter !== false) {
    const problem = publishProblem(deadLetter);
    if (problem !== undefined) problems.push(`deadLetter cannot be published to: ${problem}`);
  }
  if (
    group !== undefined &&
    group !== false &&
    (typeof group !== 'string' || !/^[\w.-]{1,64}$/.test(group))
  ) {
    problems.push("group must be 1 to 64 letters, digits, '.', '_' or '-', e.g. group: 'notifications'.");
  }
  return problems.filter((problem) => problem !== undefined);
}

/** A handler that gets its own dead letters would never be done with them. */
export function deadLetterProblem(
  deadLetter: string | false,
  targets: readonly EventTarget[],
  prefix: ChannelPrefix,
): string | undefined {
  if (deadLetter === false) return undefined;
  const channel = prefix.addToChannel(deadLetter);
  const own = targets.find((target) => target.subscription.kind !== 'shard' && target.matches(channel));
  return own === undefined
    ? undefined
    : `deadLetter ${JSON.stringify(deadLetter)} matches the handler's own target ${JSON.stringify(own.text)}, so it would get its own dead letters. Choose another channel.`;
}

function bufferProblems(buffer: unknown): (string | undefined)[] {
  if (buffer === undefined) return [];
  if (!isObject(buffer)) return ['buffer must be an object, e.g. buffer: { events: 1000 }.'];
  const { events, bytes, overflow } = buffer;
  return [
    wholeNumber('buffer.events', events, 1, 10_000_000),
    wholeNumber('buffer.bytes', bytes, 1, MAX_BYTES),
    overflow === undefined || overflow === 'drop-oldest' || overflow === 'drop-newest'
      ? undefined
      : "buffer.overflow must be 'drop-oldest' or 'drop-newest'.",
    ...unknownNames('buffer', buffer, ['events', 'bytes', 'overflow']),
  ];
}

function retryProblems(retry: unknown): (string | undefined)[] {
  if (retry === undefined) return [];
  if (!isObject(retry)) return ['retry must be an object, e.g. retry: { attempts: 3 }.'];
  const { attempts, delayMs, factor } = retry;
  return [
    wholeNumber('retry.attempts', attempts, 1, 1_000),
    wholeNumber('retry.delayMs', delayMs, 0, MAX_TIMER_MS),
    factor === undefined || (typeof factor === 'number' && factor >= 1 && factor <= 100)
      ? undefined
      : 'retry.factor must be a number from 1 to 100.',
    ...unknownNames('retry', retry, ['attempts', 'delayMs', 'factor']),
  ];
}

function wholeNumber(name: string, value: unknown, min: number, max: number): string | undefined {
  if (value === undefined) return undefined;
  const isRight = Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
  return isRight ? undefined : `${name} must be a whole number from ${min} to ${max}.`;
}

function unknownNames(
  group: string,
  value: Readonly<Record<string, unknown>>,
  known: readonly string[],
): string[] {
  return Object.keys(value)
    .filter((name) => !known.includes(name))
    .map((name) => `${group}.${name} is not an option. Known here: ${known.join(', ')}.`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
