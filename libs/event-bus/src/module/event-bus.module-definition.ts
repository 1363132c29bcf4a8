import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { EventBusModuleOptions } from './event-bus.options.js';

/** What shapes the module itself, and so cannot come from an asynchronous factory. */
export interface EventBusModuleExtras {
  /** The bus, where an application has several: `@OnEvent(…, { bus })`, `@InjectEventBusPublisher(name)`. @default 'default' */
  readonly name?: string | undefined;
  /** Makes the publisher and the other injectables available in every module. @default true */
  readonly isGlobal?: boolean | undefined;
}

/** What `useClass` and `useExisting` of `forRootAsync` implement. */
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
