import { ConfigurationError } from '../errors.js';
import { DEFAULT_BUS } from '../module/event-bus.constants.js';
import type { OptionTable } from '../option.checks.js';
import { fitting, isObject, optionProblems, unknownOptions } from '../option.checks.js';
import { DEFAULT_BUCKETS } from './histogram.js';
import type { MetricsRegistry } from './metrics.registry.js';

/** Options of `EventBusMetricsModule.forRoot()`. Only `registry` is required. */
export interface EventBusMetricsOptions {
  /** The registry that your `/metrics` serves: `register`, or a `new Registry()`, of `prom-client` or `@prometheus-io/client`. */
  readonly registry: MetricsRegistry;
  /** Put before every name, with `_` between. @default 'event_bus' */
  readonly prefix?: string | undefined;
  /**
   * The upper bounds of the buckets of both histograms, in seconds, ascending. Every handler has a line for each.
   * @default [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
   */
  readonly buckets?: readonly number[] | undefined;
  /** The name of the bus, as in `EventBusModule.forRoot({ name })`. Import the module once for each bus. @default 'default' */
  readonly bus?: string | undefined;
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
  bus: fitting(
    (value) => typeof value === 'string' && value !== '',
    'must be the name of a bus, as in EventBusModule.forRoot({ name }).',
  ),
} satisfies OptionTable & Record<Exclude<keyof EventBusMetricsOptions, 'registry'>, unknown>;

export type MetricsSettings = {
  readonly [Name in keyof EventBusMetricsOptions]-?: NonNullable<EventBusMetricsOptions[Name]>;
};

/** @throws ConfigurationError with everything that is wrong with the options, each with what to write instead */
export function resolveMetricsOptions(options: EventBusMetricsOptions): MetricsSettings {
  const problems = problemsOf(options);
  if (problems.length > 0)
    throw new ConfigurationError(problems.map((problem) => `EventBusMetricsModule: ${problem}`));
  const { registry, prefix = 'event_bus', buckets = DEFAULT_BUCKETS, bus = DEFAULT_BUS } = options;
  return { registry, prefix, buckets: [...buckets], bus };
}

function problemsOf(options: unknown): string[] {
  if (!isObject(options)) return ['options are missing. Write forRoot({ registry: register }).'];
  const { registry } = options;
  const isRegistry = isObject(registry) && typeof registry['registerMetric'] === 'function';
  return [
    ...(isRegistry
      ? []
      : ['registry must have registerMetric. Pass register, or a new Registry(), of prom-client.']),
    ...optionProblems(TABLE, options),
    ...unknownOptions(['registry', ...Object.keys(TABLE)], options),
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
