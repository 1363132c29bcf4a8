import type { DynamicModule, Provider } from '@nestjs/common';
import { Module } from '@nestjs/common';
import {
  ConfigurationError,
  EventBusPublisher,
  EventBusSubscriber,
  eventBusToken,
} from 'nestjs-redis-event-bus';
import { LoopbackGuard } from 'nestjs-redis-event-bus/asyncapi';
import type { BusAccess } from 'nestjs-redis-event-bus/reporting';
import { busAccessToken } from 'nestjs-redis-event-bus/reporting';
import { consoleController } from './console.controller.js';
import type { EventBusConsoleOptions } from './console.options.js';
import { consoleOptionProblems } from './console.options.js';
import { EventBusConsole } from './event-bus.console.js';

/**
 * A page that shows who publishes, who handles, how fast, and what is missing, from the reports of all instances: every service
 * imports `EventBusReportingModule`, and one application imports this, next to `EventBusModule`.
 */
@Module({})
export class EventBusConsoleModule {
  /**
   * `guards` or `access` says who may open the page.
   * @throws ConfigurationError when the application starts, with everything that is wrong with the options.
   */
  static forRoot(options: EventBusConsoleOptions): DynamicModule {
    const module = EventBusConsoleModule;
    const problems = consoleOptionProblems(options);
    if (problems.length > 0) return { module, providers: [failing(problems)] };
    const { path = 'event-bus', guards = [LoopbackGuard], imports = [] } = options;
    const { allowPublish = false, allowSubscribe = false } = options;
    return {
      module,
      imports,
      controllers: [
        consoleController({ path: path.replace(/^\//, ''), guards, allowPublish, allowSubscribe }),
      ],
      providers: [consoleOf(options)],
    };
  }
}

function consoleOf({
  bus,
  title = 'Event bus',
  allowPublish,
  allowSubscribe,
}: EventBusConsoleOptions): Provider {
  const optional = (token: unknown) => ({ token: token as string, optional: true });
  return {
    provide: EventBusConsole,
    useFactory: (access?: BusAccess, publisher?: EventBusPublisher, subscriber?: EventBusSubscriber) => {
      if (access === undefined || publisher === undefined || subscriber === undefined) {
        throw new ConfigurationError([
          `EventBusConsoleModule finds no bus ${JSON.stringify(bus ?? 'default')}. Import EventBusModule with that name, with isGlobal: true.`,
        ]);
      }
      return new EventBusConsole(
        { ...access, publisher, subscriber },
        { title, mayPublish: allowPublish === true, maySubscribe: allowSubscribe === true },
      );
    },
    inject: [
      optional(busAccessToken(bus)),
      optional(eventBusToken(EventBusPublisher, bus)),
      optional(eventBusToken(EventBusSubscriber, bus)),
    ],
  };
}

function failing(problems: readonly string[]): Provider {
  return {
    provide: EventBusConsole,
    useFactory: () => {
      throw new ConfigurationError(problems);
    },
  };
}
