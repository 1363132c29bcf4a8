import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventBusModule, EventBusPublisher, OnEvent, json, redis } from 'nestjs-redis-event-bus';
import { decorateMethod, handlerClasses } from './handler.class.mjs';

/** This library, with `@OnEvent` and `EventBusPublisher`. */
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

/** `transport` and `codec` of an entry's settings are further options of `redis()` and `json()`. */
async function start({ place: { port }, protocol, transport, codec }, providers) {
  const connection = {
    host: '127.0.0.1',
    port,
    ...(protocol === undefined ? {} : { protocol }),
    ...transport,
  };
  class AppModule {}
  Module({
    imports: [EventBusModule.forRoot({ transport: redis(connection), codec: json(codec) })],
    providers,
  })(AppModule);
  return NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
}
