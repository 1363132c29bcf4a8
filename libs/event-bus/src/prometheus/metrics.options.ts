import { ConfigurationError } from '../errors.js';
import type { OptionTable } from '../option.checks.js';
import { fitting, isObject, optionProblems, unknownOptions } from '../option.checks.js';
import { DEFAULT_BUCKETS } from './histogram.js';
import type { MetricsRegistry } from './metrics.registry.js';

/** Options of {@link eventBusMetrics}. Only `registry` is required. */
export interface MetricsOptions {
  /** The registry that your `/metrics` serves: `register`, or a `new Registry()`, of `prom-client` or `@prometheus-io/client`. */
  readonly registry: MetricsRegistry;
  /** Put before every name, with `_` between. @default 'event_bus' */
  readonly prefix?: string | undefined;
  /**
   * The upper bounds of the buckets of both histograms, in seconds, ascending. Every handler has a line for each.
   * @default [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
   */
  readonly buckets?: readonly number[] | undefined;
}

/** The options with all defaults applied. */
export type MetricsSettings = {
  readonly [Name in keyof MetricsOptions]-?: NonNullable<MetricsOptions[Name]>;
};

/** And the bus of a module. */
export interface BusMetricsSettings extends MetricsSettings {
  readonly bus: string;
}

const MAX_BUCKETS = 50;

const TABLE = {
  prefix: fitting(
    (value) => typeof value === 'string' && /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(value) && !value.endsWith('_'),
    "must be letters, digits and single underscores, and not end with one, e.g. 'event_bus'.",
  ),
  buckets: fitting(
    areBuckets,
    `must be an array of 1 to ${MAX_BUCKETS} ascending numbers of seconds, e.g. [0.01, 0.1, 1].`,
  ),
} satisfies OptionTable & Record<Exclude<keyof MetricsOptions, 'registry'>, unknown>;

/**
 * @param call what the messages begin with
 * @param more the checks of further options
 * @throws ConfigurationError with everything that is wrong with the options, each with what to write instead
 */
export function resolveMetricsOptions(
  call: string,
  options: MetricsOptions,
  more: OptionTable = {},
): MetricsSettings {
  const problems = problemsOf(options, { ...TABLE, ...more });
  if (problems.length > 0) throw new ConfigurationError(problems.map((problem) => `${call}: ${problem}`));
  const { registry, prefix = 'event_bus', buckets = DEFAULT_BUCKETS } = options;
  return { registry, prefix, buckets: [...buckets] };
}

function problemsOf(options: unknown, table: OptionTable): string[] {
  if (!isObject(options)) return ['options are missing. Write { registry: register }.'];
  const { registry } = options;
  const isRegistry = isObject(registry) && typeof registry['registerMetric'] === 'function';
  return [
    ...(isRegistry
      ? []
      : ['registry must have registerMetric. Pass register, or a new Registry(), of prom-client.']),
    ...optionProblems(table, options),
    ...unknownOptions(['registry', ...Object.keys(table)], options),
  ];
}

function areBuckets(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= MAX_BUCKETS &&
    value.every(
      (bound, index) =>
        Number.isFinite(bound) && bound > 0 && (index === 0 || bound > (value[index - 1] as number)),
    )
  );
}
