import { ConfigurationError } from '../errors.js';
import type { OptionTable } from '../option.checks.js';
import { fitting, isObject, oneOf, optionProblems, unknownOptions } from '../option.checks.js';
import type { Redact } from './payload.preview.js';
import { MAX_NAME_LENGTH } from './report.shapes.js';

/** Options of {@link eventBusReports}. All are optional. */
export interface ReportingOptions {
  /**
   * The name of the service in its reports.
   * @default that of the snapshot: `instance.service` of the bus, or the `name` in package.json
   */
  readonly service?: string | undefined;
  /**
   * What reports show of payloads: `none` only their size, `preview` the first 256 characters as JSON. Any client that may
   * subscribe to the channel of the reports can read them.
   * @default 'none'
   */
  readonly payloads?: 'none' | 'preview' | undefined;
  /** Called for each payload that is shown; needs `payloads: 'preview'`. If it throws, that payload is not shown. */
  readonly redact?: Redact | undefined;
  /**
   * `names` shows the channels of events, `targets` only templates and the targets of handlers: for channels that hold personal
   * data, such as `users:ann@example.com`.
   * @default 'names'
   */
  readonly channels?: 'names' | 'targets' | undefined;
}

/** Options of `EventBusReportingModule.forRoot()`. All are optional. */
export interface EventBusReportingOptions extends ReportingOptions {
  /** The name of the bus, as in `EventBusModule.forRoot({ name })`. Import the module once for each bus. @default 'default' */
  readonly bus?: string | undefined;
}

const TABLE = {
  service: fitting(
    (value) => typeof value === 'string' && value !== '' && value.length <= MAX_NAME_LENGTH,
    `must be a name of 1 to ${MAX_NAME_LENGTH} characters, e.g. 'orders'.`,
  ),
  payloads: oneOf('none', 'preview'),
  redact: fitting(
    (value) => typeof value === 'function',
    'must be a function, e.g. (payload) => ({ ...payload, email: undefined }).',
  ),
  channels: oneOf('names', 'targets'),
} satisfies OptionTable & Record<keyof ReportingOptions, unknown>;

/** The options with their defaults. */
export interface ReportingSettings {
  readonly service: string | undefined;
  readonly payloads: 'none' | 'preview';
  readonly redact: Redact | undefined;
  readonly channels: 'names' | 'targets';
}

/**
 * @param call what the messages begin with
 * @param more the checks of further options
 * @throws ConfigurationError with everything that is wrong with the options, each with what to write instead
 */
export function resolveReporting(call: string, options: unknown, more: OptionTable = {}): ReportingSettings {
  const problems = problemsOf(options, { ...TABLE, ...more });
  if (problems.length > 0) throw new ConfigurationError(problems.map((problem) => `${call}: ${problem}`));
  const { service, payloads = 'none', redact, channels = 'names' } = options as ReportingOptions;
  return { service, payloads, redact, channels };
}

function problemsOf(options: unknown, table: OptionTable): string[] {
  if (!isObject(options)) return ["options must be an object, e.g. { service: 'orders' }."];
  const problems = [...optionProblems(table, options), ...unknownOptions(Object.keys(table), options)];
  if (options['redact'] !== undefined && options['payloads'] !== 'preview')
    problems.push("redact has no effect without payloads: 'preview'. Add it, or leave out redact.");
  return problems;
}
