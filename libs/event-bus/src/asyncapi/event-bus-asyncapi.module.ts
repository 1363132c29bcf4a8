import type { DynamicModule, OnApplicationBootstrap } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { ConfigurationError } from '../errors.js';
import { EventBusInspector } from '../introspection/event-bus.inspector.js';
import { EventBusStatus } from '../introspection/event-bus.status.js';
import { eventBusToken } from '../module/event-bus.inject.js';
import type { ServedBus } from './document.answers.js';
import { SERVED_BUS, asyncApiController } from './asyncapi.controller.js';
import { moduleOptionProblems } from './asyncapi.option-problems.js';
import type { AsyncApiDocumentOptions, EventBusAsyncApiModuleOptions } from './asyncapi.options.js';
import { documentOf, noBusProblem } from './event-bus.asyncapi.js';
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
    const { path, guards = [LoopbackGuard], access: _access, imports = [], ...document } = options;
    return {
      module,
      imports,
      controllers: [asyncApiController(path.replace(/^\//, ''), guards)],
      providers: [servedBus(document)],
    };
  }
}

/** The bus of the options; its schemas are converted once when it is ready, so that warnings come with the start. */
class DescribedBus implements ServedBus, OnApplicationBootstrap {
  readonly warned = new Set<string>();

  constructor(
    readonly inspector: EventBusInspector,
    readonly options: AsyncApiDocumentOptions,
    private readonly status: EventBusStatus,
  ) {}

  onApplicationBootstrap(): void {
    // Not awaited: the bus may become ready in a later hook.
    this.status.whenReady().then(
      () => documentOf(this.inspector, this.options, this.warned),
      () => undefined,
    );
  }
}

function servedBus(options: AsyncApiDocumentOptions): NonNullable<DynamicModule['providers']>[number] {
  const { bus } = options;
  const optional = (token: unknown) => ({ token: token as string, optional: true });
  return {
    provide: SERVED_BUS,
    useFactory: (inspector?: EventBusInspector, status?: EventBusStatus) => {
      if (inspector === undefined || status === undefined) throw new ConfigurationError([noBusProblem(bus)]);
      return new DescribedBus(inspector, options, status);
    },
    inject: [optional(eventBusToken(EventBusInspector, bus)), optional(eventBusToken(EventBusStatus, bus))],
  };
}

function failing(problems: readonly string[]): NonNullable<DynamicModule['providers']>[number] {
  return {
    provide: SERVED_BUS,
    useFactory: () => {
      throw new ConfigurationError(problems);
    },
  };
}
