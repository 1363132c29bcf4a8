import type { ConfigurableModuleAsyncOptions, DynamicModule, FactoryProvider } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { ConfigurationError, quote } from '../errors.js';
import { EventBusInspector } from '../introspection/event-bus.inspector.js';
import { AsyncOptions } from '../module/async.options.js';
import { DEFAULT_BUS } from '../module/event-bus.constants.js';
import { eventBusToken } from '../module/event-bus.inject.js';
import { fitting, isObject } from '../option.checks.js';
import { EventBusObservers } from '../observing/event-bus.observers.js';
import { BusMetrics } from './bus.metrics.js';
import type { MetricsOptions } from './metrics.options.js';
import { resolveMetricsOptions } from './metrics.options.js';

/** Options of `EventBusMetricsModule.forRoot()`. Only `registry` is required. */
export interface EventBusMetricsOptions extends MetricsOptions {
  /** The name of the bus, as in `EventBusModule.forRoot({ name })`. Import the module once for each bus. @default 'default' */
  readonly bus?: string | undefined;
}

/** What the factory of `EventBusMetricsModule.forRootAsync()` returns. */
interface MadeOptions extends MetricsOptions {
  /** Stands beside the factory. */
  readonly bus?: never;
}

/** Options of `EventBusMetricsModule.forRootAsync()`: one of `useFactory`, `useClass` and `useExisting`. */
export interface EventBusMetricsAsyncOptions extends ConfigurableModuleAsyncOptions<
  MadeOptions,
  'createEventBusMetricsOptions'
> {
  /** The name of the bus, as in `EventBusModule.forRoot({ name })`. @default 'default' */
  readonly bus?: string | undefined;
}

const CALL = 'EventBusMetricsModule';
const BUS = {
  bus: fitting(
    (value) => typeof value === 'string' && value !== '',
    'must be the name of a bus, as in EventBusModule.forRoot({ name }).',
  ),
};
const ASYNC = new AsyncOptions<MadeOptions, 'createEventBusMetricsOptions'>(
  `${CALL}.forRootAsync(…)`,
  'createEventBusMetricsOptions',
  BUS,
);

/**
 * Metrics of a bus for Prometheus, in a registry of the application: import it next to `EventBusModule`, once for each bus. It
 * has no route: whatever serves the registry serves them, too.
 */
@Module({})
export class EventBusMetricsModule {
  /**
   * The metrics of one bus. Only `registry` is required.
   * @throws ConfigurationError when the application starts, with what is wrong with the options, or with a name that the registry has already.
   */
  static forRoot(options: EventBusMetricsOptions): DynamicModule {
    return { module: EventBusMetricsModule, providers: [metricsOf(busIn(options), () => options)] };
  }

  /** As {@link forRoot}, with options from a factory. Pass `bus` next to it, not in its result. */
  static forRootAsync(options: EventBusMetricsAsyncOptions): DynamicModule {
    const module = EventBusMetricsModule;
    const bus = busIn(options);
    const problems = ASYNC.problemsIn(options);
    if (problems.length > 0) return { module, providers: [metricsOf(bus, () => fail(problems))] };
    const { imports, providers } = ASYNC.partsOf(options);
    const metrics = metricsOf(
      bus,
      (made) => {
        const late = ASYNC.lateProblemsIn(made);
        return late.length > 0 ? fail(late) : (made as MetricsOptions);
      },
      ASYNC.token,
    );
    return { module, imports, providers: [...providers, metrics] };
  }
}

/** @param token provides what `optionsOf` takes */
function metricsOf(
  bus: string | undefined,
  optionsOf: (made: unknown) => MetricsOptions,
  token?: FactoryProvider['provide'],
): FactoryProvider {
  const optional = (of: FactoryProvider['provide']) => ({ token: of, optional: true });
  return {
    provide: BusMetrics,
    useFactory: (observers?: EventBusObservers, inspector?: EventBusInspector, made?: unknown) => {
      const settings = resolveMetricsOptions(CALL, optionsOf(made), BUS);
      if (observers === undefined || inspector === undefined) throw missing(bus);
      return new BusMetrics({ ...settings, bus: bus ?? DEFAULT_BUS }, observers, inspector);
    },
    inject: [
      optional(eventBusToken(EventBusObservers, bus)),
      optional(eventBusToken(EventBusInspector, bus)),
      ...(token === undefined ? [] : [token]),
    ],
  };
}

function busIn(options: unknown): string | undefined {
  return isObject(options) && typeof options['bus'] === 'string' ? options['bus'] : undefined;
}

function fail(problems: readonly string[]): never {
  throw new ConfigurationError(problems);
}

function missing(bus: string = DEFAULT_BUS): ConfigurationError {
  return new ConfigurationError([
    `EventBusMetricsModule finds no bus ${quote(bus)}. Import EventBusModule with that name, with isGlobal: true.`,
  ]);
}
