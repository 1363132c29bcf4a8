import type { DynamicModule, FactoryProvider, OnApplicationBootstrap, Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ConfigurationError } from '../errors.js';
import type { EventBusDescription } from '../introspection/bus.description.js';
import { EventBusInspector } from '../introspection/event-bus.inspector.js';
import { EventBusStatus } from '../introspection/event-bus.status.js';
import { eventBusToken } from '../module/event-bus.inject.js';
import type { ServedBuses } from './document.answers.js';
import { SERVED_BUSES, asyncApiController } from './asyncapi.controller.js';
import {
  ASYNC_OPTIONS,
  asyncOptionProblems,
  madeOptionProblems,
  moduleOptionProblems,
} from './asyncapi.option-problems.js';
import type {
  AsyncApiDocumentOptions,
  EventBusAsyncApiAsyncOptions,
  EventBusAsyncApiModuleOptions,
  MadeDocument,
} from './asyncapi.options.js';
import { busesOf, documentOf } from './event-bus.asyncapi.js';
import { LoopbackGuard } from './loopback.guard.js';

/** Serves the AsyncAPI document of a bus as `<path>.json` and `<path>.yaml`, and a page that shows it as `<path>`. */
@Module({})
export class EventBusAsyncApiModule {
  /**
   * For the application that has the bus. `guards` or `access` says who may read the document.
   * @throws ConfigurationError when the application starts, with everything that is wrong with the options.
   */
  static forRoot(options: EventBusAsyncApiModuleOptions): DynamicModule {
    const module = EventBusAsyncApiModule;
    const problems = moduleOptionProblems(options);
    if (problems.length > 0) return { module, providers: [failing(problems)] };
    const { path, guards, access: _access, imports = [], ...document } = options;
    const controllers = [controllerOf({ path, guards })];
    return { module, imports, controllers, providers: [servedBuses(document.bus, () => document)] };
  }

  /** As {@link forRoot}, with the options of the document from a factory. Pass `path`, `guards`, `access` and `bus` next to it. */
  static forRootAsync(options: EventBusAsyncApiAsyncOptions): DynamicModule {
    const module = EventBusAsyncApiModule;
    const problems = asyncOptionProblems(options);
    if (problems.length > 0) return { module, providers: [failing(problems)] };
    const { bus } = options;
    const { imports, providers } = ASYNC_OPTIONS.partsOf(options);
    const served = servedBuses(bus, (made) => ({ ...withoutProblems(made), bus }), ASYNC_OPTIONS.token);
    return { module, imports, controllers: [controllerOf(options)], providers: [...providers, served] };
  }
}

/**
 * Those of the options. Schemas are converted once when the bus of the module is ready, so that warnings come with the start.
 * Servers are connected to an application after its providers were created.
 */
class DescribedBuses implements ServedBuses, OnApplicationBootstrap {
  readonly warned = new Set<string>();

  constructor(
    readonly options: AsyncApiDocumentOptions,
    private readonly modules: ModulesContainer,
    private readonly inspector?: EventBusInspector,
    private readonly status?: EventBusStatus,
  ) {}

  describe(): readonly EventBusDescription[] {
    return busesOf(this.inspector, this.modules, this.options.bus);
  }

  /** @throws ConfigurationError when there is no bus */
  onApplicationBootstrap(): void {
    this.describe();
    // Not awaited: the bus may become ready in a later hook.
    this.status?.whenReady().then(
      () => documentOf(this.describe(), this.options, this.warned),
      () => undefined,
    );
  }
}

function controllerOf({
  path,
  guards = [LoopbackGuard],
}: Pick<EventBusAsyncApiModuleOptions, 'path' | 'guards'>): Type<unknown> {
  return asyncApiController(path.replace(/^\//, ''), guards);
}

/** @param token provides what `optionsOf` takes */
function servedBuses(
  bus: string | undefined,
  optionsOf: (made: unknown) => AsyncApiDocumentOptions,
  token?: FactoryProvider['provide'],
): FactoryProvider {
  const optional = (of: FactoryProvider['provide']) => ({ token: of, optional: true });
  return {
    provide: SERVED_BUSES,
    useFactory: (
      modules: ModulesContainer,
      inspector?: EventBusInspector,
      status?: EventBusStatus,
      made?: unknown,
    ) => new DescribedBuses(optionsOf(made), modules, inspector, status),
    inject: [
      ModulesContainer,
      optional(eventBusToken(EventBusInspector, bus)),
      optional(eventBusToken(EventBusStatus, bus)),
      ...(token === undefined ? [] : [token]),
    ],
  };
}

function withoutProblems(made: unknown): MadeDocument {
  const problems = madeOptionProblems(made);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return made as MadeDocument;
}

function failing(problems: readonly string[]): FactoryProvider {
  return {
    provide: SERVED_BUSES,
    useFactory: () => {
      throw new ConfigurationError(problems);
    },
  };
}
