import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventBusModule, EventBusPublisher, OnEvent, cloudEvents, memory } from 'nestjs-redis-event-bus';
import { EventBusMetricsModule } from 'nestjs-redis-event-bus/prometheus';
import { Registry } from 'prom-client';
import { decorateMethod, handlerClasses } from './handler.class.mjs';

/** What looks at the bus, as the modules to import. */
const OBSERVERS = {
  nothing: () => [],
  metrics: () => [EventBusMetricsModule.forRoot({ registry: new Registry() })],
};

/** This library on `memory()`, with something that looks at it. */
export const contender = {
  /** @param {{ observer: keyof typeof OBSERVERS, style: 'sync' | 'async' }} settings */
  async open(channel, handle, { observer, style }) {
    const classes = handlerClasses(
      { targets: [{ name: channel }], style, handlers: [handle] },
      (target, prototype, key) => decorateMethod(OnEvent(target.name), prototype, key),
    );
    const bus = EventBusModule.forRoot({ transport: memory(), codec: cloudEvents({ source: '/orders' }) });
    class AppModule {}
    Module({ imports: [bus, ...OBSERVERS[observer]()], providers: classes })(AppModule);
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    const publisher = app.get(EventBusPublisher);
    return (order) => publisher.publish(channel, order);
  },
};
