import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventBusModule, EventBusPublisher, OnEvent, cloudEvents, memory } from 'nestjs-redis-event-bus';
import { openTelemetry } from 'nestjs-redis-event-bus/opentelemetry';
import { EventBusMetricsModule } from 'nestjs-redis-event-bus/prometheus';
import { Registry } from 'prom-client';
import { decorateMethod, handlerClasses } from './handler.class.mjs';
import { registerTracing } from './tracing.support.mjs';

/** What looks at the bus: the modules to import, and the observers. */
const OBSERVERS = {
  nothing: () => ({}),
  metrics: () => ({ imports: [EventBusMetricsModule.forRoot({ registry: new Registry() })] }),
  tracesWithoutSdk: () => ({ observers: [openTelemetry()] }),
  traces: () => {
    registerTracing();
    return { observers: [openTelemetry()] };
  },
};

/** This library on `memory()`, with something that looks at it. */
export const contender = {
  /** @param {{ observer: keyof typeof OBSERVERS, style: 'sync' | 'async' }} settings */
  async open(channel, handle, { observer, style }) {
    const classes = handlerClasses(
      { targets: [{ name: channel }], style, handlers: [handle] },
      (target, prototype, key) => decorateMethod(OnEvent(target.name), prototype, key),
    );
    const { imports = [], observers = [] } = OBSERVERS[observer]();
    const codec = cloudEvents({ source: '/orders' });
    const bus = EventBusModule.forRoot({ transport: memory(), codec, observers });
    class AppModule {}
    Module({ imports: [bus, ...imports], providers: classes })(AppModule);
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    const publisher = app.get(EventBusPublisher);
    return (order) => publisher.publish(channel, order);
  },
};
