import {
  isObject,
  milliseconds,
  oneOf,
  optionProblems,
  unknownOptions,
  wholeNumber,
} from '../option.checks.js';
import type { BusOwner } from './bus.owner.js';
import { isBusOwner } from './bus.owner.js';
import { MAX_REMEMBERED_GAPS } from './gap.record.js';

/** Options of `EventBusHealthIndicator.isHealthy()`. */
export interface EventBusHealthOptions {
  /**
   * The bus: its name in `EventBusModule.forRoot({ name })`, or the `EventBusServer` or `EventBusClient` that has it. Gaps of
   * these two are counted from the first call on.
   * @default 'default'
   */
  readonly bus?: string | BusOwner | undefined;
  /**
   * How long Redis may take to answer, in milliseconds. A bus that gets no answer counts as degraded.
   * @default 1000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * What a degraded bus is: `degraded` answers 200, so that the instance goes on to get requests; `down` answers 503.
   * @default 'degraded'
   */
  readonly whenDegraded?: 'degraded' | 'down' | undefined;
  /** A bus with more gaps than this counts as degraded, although it works now. By default gaps are only told. */
  readonly maxGaps?: GapLimit | undefined;
}

/** How many gaps are bearable. */
export interface GapLimit {
  /** The highest number of gaps, from 0 to 999. */
  readonly count: number;
  /** Within the last milliseconds. */
  readonly withinMs: number;
}

const LIMIT = { count: wholeNumber(0, MAX_REMEMBERED_GAPS - 1), withinMs: milliseconds() };
const TABLE = {
  bus: (value: unknown) =>
    (typeof value === 'string' && value !== '') || isBusOwner(value)
      ? undefined
      : "must be the name of a bus, e.g. 'default', an EventBusServer or an EventBusClient.",
  timeoutMs: milliseconds(),
  whenDegraded: oneOf('degraded', 'down'),
  maxGaps: { example: 'count: 3, withinMs: 60_000', options: LIMIT },
};

/** The first problem of a call's arguments, with what to write instead. */
export function healthProblem(key: unknown, options: unknown): string | undefined {
  if (typeof key !== 'string' || key === '') return "key must be a non-empty string, e.g. 'event-bus'.";
  if (!isObject(options)) return 'options must be an object, e.g. { timeoutMs: 1000 }.';
  const problems = [...optionProblems(TABLE, options), ...unknownOptions(Object.keys(TABLE), options)];
  return problems[0] ?? limitProblem(options['maxGaps']);
}

function limitProblem(limit: unknown): string | undefined {
  if (!isObject(limit)) return undefined;
  const missing = Object.keys(LIMIT).find((name) => limit[name] === undefined);
  return missing && `maxGaps.${missing} is missing. Write maxGaps: { count: 3, withinMs: 60_000 }.`;
}
