import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { EventBusModuleOptions } from './event-bus.options.js';

/** The options of the module itself, which cannot come from an asynchronous factory. */
export interface EventBusModuleExtras {
  /**
   * The name of the bus, if an application has several: `@OnEvent(…, { bus })`, `@InjectEventBusPublisher(name)`. @default
   * 'default'
   */
  readonly name?: string | undefined;
  /** Provides the publisher and the other injectables in every module. @default true */
  readonly isGlobal?: boolean | undefined;
}

/** Implemented by the `useClass` or `useExisting` of `forRootAsync`. */
export interface EventBusOptionsFactory {
  /** Called once, when the application starts. */
  createEventBusOptions(): Promise<EventBusModuleOptions> | EventBusModuleOptions;
}

const builder = new ConfigurableModuleBuilder<EventBusModuleOptions>({ moduleName: 'EventBus' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createEventBusOptions')
  .setExtras<EventBusModuleExtras>({ name: undefined, isGlobal: undefined } as EventBusModuleExtras);

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  builder.build();
