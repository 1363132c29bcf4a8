import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventBusModule, EventBusPublisher, OnEvent, cloudEvents, redis } from 'nestjs-redis-event-bus';
import { EventBusReportingModule } from 'nestjs-redis-event-bus/reporting';
import { decorateMethod, handlerClasses } from './handler.class.mjs';

/** This library, with reports of what it does, and previews of payloads in them. */
export const contender = {
  async connect(given) {
    const app = await start(given, []);
    const publisher = app.get(EventBusPublisher);
    return { publish: (channel, order) => publisher.publish(channel, order), close: () => app.close() };
  },
  async subscribe(given) {
    const providers = handlerClasses(given, ({ name }, prototype, key) =>
      decorateMethod(OnEvent(name), prototype, key),
    );
    await start(given, providers);
  },
};

async function start({ place: { port }, prefix, service }, providers) {
  class AppModule {}
  Module({
    imports: [
      EventBusModule.forRoot({
        transport: redis({ host: '127.0.0.1', port }),
        codec: cloudEvents({ source: `/${service}` }),
        prefix,
      }),
      EventBusReportingModule.forRoot({ service, payloads: 'preview' }),
    ],
    providers,
  })(AppModule);
  return NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
}
