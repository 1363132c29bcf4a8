import type { OptionTable } from '../option.checks.js';
import { fitting, milliseconds, oneOf, orFalse, wholeNumber } from '../option.checks.js';
import type { ChannelPrefix } from '../routing/channel-prefix.js';
import { publishProblem } from '../routing/channel-prefix.js';
import type { HandlerTarget } from '../routing/handler-target.js';
import type { HandlerOptions } from './handler.options.js';

const MAX_BYTES = 2 ** 40;

/** How the options of a handler are checked. */
export const HANDLER_OPTIONS = {
  concurrency: wholeNumber(1, 1_000_000),
  orderBy: fitting(
    (value) => value === 'channel' || value === 'none' || typeof value === 'function',
    "must be 'channel', 'none' or a function that returns the key of an event.",
  ),
  buffer: {
    example: 'events: 1000',
    options: {
      events: wholeNumber(1, 10_000_000),
      bytes: wholeNumber(1, MAX_BYTES),
      overflow: oneOf('drop-oldest', 'drop-newest'),
    },
  },
  timeoutMs: milliseconds(),
  stuckAfterMs: orFalse(milliseconds()),
  retry: {
    example: 'attempts: 3',
    options: {
      attempts: wholeNumber(1, 1_000),
      delayMs: milliseconds(0),
      factor: fitting(
        (value) => typeof value === 'number' && value >= 1 && value <= 100,
        'must be a number from 1 to 100.',
      ),
    },
  },
  deadLetter: orFalse((channel) => {
    const problem = publishProblem(channel);
    return problem === undefined ? undefined : `is not a valid channel: ${problem}`;
  }),
  group: orFalse(
    fitting(
      (value) => typeof value === 'string' && /^[\w.-]{1,64}$/.test(value),
      "must be 1 to 64 letters, digits, '.', '_' or '-', e.g. group: 'notifications'.",
    ),
  ),
} satisfies OptionTable & Record<keyof HandlerOptions, unknown>;

export const HANDLER_OPTION_NAMES = Object.keys(HANDLER_OPTIONS) as readonly (keyof HandlerOptions)[];

/** How to subscribe to a target. */
export const TARGET_KIND = oneOf('channel', 'pattern', 'shard');

/** A handler that gets its own dead letters would never finish. */
export function deadLetterProblem(
  deadLetter: string | false,
  targets: readonly HandlerTarget[],
  prefix: ChannelPrefix,
): string | undefined {
  if (deadLetter === false) return undefined;
  const channel = prefix.addToChannel(deadLetter);
  const own = targets.find((target) => target.subscription.kind !== 'shard' && target.matches(channel));
  return own === undefined
    ? undefined
    : `deadLetter ${JSON.stringify(deadLetter)} matches the handler's own target ${JSON.stringify(own.text)}, so the handler would get its own dead letters. Choose another channel.`;
}
