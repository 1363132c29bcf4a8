import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { DEFAULT_BUS } from './event-bus.constants.js';
import type {
  ASYNC_OPTIONS_TYPE,
  EventBusModuleExtras,
  OPTIONS_TYPE,
} from './event-bus.module-definition.js';
import { ConfigurableModuleClass } from './event-bus.module-definition.js';
import { exportedProviders, internalProviders } from './event-bus.providers.js';

/**
 * One event bus. Import it once, in the root module; its injectables are available everywhere: {@link EventBusPublisher},
 * {@link EventBusSubscriber}, {@link EventBusInspector}, {@link EventBusStatus}, {@link EventBusObservers}. If an application
 * has several buses, give each a `name`.
 */
@Module({})
export class EventBusModule extends ConfigurableModuleClass {
  /**
   * The module of one bus. Only `transport` is required.
   * @throws ConfigurationError when the application starts, with everything that is wrong with the options.
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return withProviders(super.forRoot(options ?? {}), options ?? {});
  }

  /** As {@link forRoot}, with options from a factory. Pass `name` and `isGlobal` next to it, not in its result. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return withProviders(super.forRootAsync(options), options);
  }
}

function withProviders(definition: DynamicModule, extras: EventBusModuleExtras): DynamicModule {
  const name = extras.name ?? DEFAULT_BUS;
  const exported = exportedProviders(name);
  return {
    ...definition,
    global: extras.isGlobal ?? true,
    providers: [...(definition.providers ?? []), ...internalProviders(name), ...exported],
    exports: exported.map((provider) => (provider as { provide: string }).provide),
  };
}
