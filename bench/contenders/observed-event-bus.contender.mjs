import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  EventBusModule,
  EventBusPublisher,
  OnEvent,
  cloudEvents,
  memory,
  memoryBroker,
} from 'nestjs-redis-event-bus';
import { openTelemetry } from 'nestjs-redis-event-bus/opentelemetry';
import { EventBusMetricsModule } from 'nestjs-redis-event-bus/prometheus';
import { EventBusReportingModule, reportTarget } from 'nestjs-redis-event-bus/reporting';
import { Registry } from 'prom-client';
import { decorateMethod, handlerClasses } from './handler.class.mjs';
import { registerTracing } from './tracing.support.mjs';

const reports = () => EventBusReportingModule.forRoot({ service: 'orders', payloads: 'preview' });

/** What looks at the bus: the modules to import, the observers, and the broker with what else listens there. */
const OBSERVERS = {
  nothing: () => ({}),
  metrics: () => ({ imports: [EventBusMetricsModule.forRoot({ registry: new Registry() })] }),
  tracesWithoutSdk: () => ({ observers: [openTelemetry()] }),
  traces: () => {
    registerTracing();
    return { observers: [openTelemetry()] };
  },
  reports: () => ({ imports: [reports()] }),
  async watchedReports() {
    const broker = memoryBroker();
    const viewer = memory({ broker }).create(deaf);
    await viewer.connect();
    await viewer.subscribe([reportTarget('', 'memory')]);
    return { imports: [reports()], broker };
  },
};

const ignore = () => undefined;
/** Has to be there before the service: then its first hello finds it. */
const deaf = {
  message: ignore,
  confirmed: ignore,
  released: ignore,
  denied: ignore,
  resumed: ignore,
  writable: ignore,
  state: ignore,
  warned: ignore,
};

/** This library on `memory()`, with something that looks at it. */
export const contender = {
  /** @param {{ observer: keyof typeof OBSERVERS, style: 'sync' | 'async' }} settings */
  async open(channel, handle, { observer, style }) {
    const classes = handlerClasses(
      { targets: [{ name: channel }], style, handlers: [handle] },
      (target, prototype, key) => decorateMethod(OnEvent(target.name), prototype, key),
    );
    const { imports = [], observers = [], broker = memoryBroker() } = await OBSERVERS[observer]();
    const codec = cloudEvents({ source: '/orders' });
    const bus = EventBusModule.forRoot({ transport: memory({ broker }), codec, observers });
    class AppModule {}
    Module({ imports: [bus, ...imports], providers: classes })(AppModule);
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    const publisher = app.get(EventBusPublisher);
    return (order) => publisher.publish(channel, order);
  },
};
