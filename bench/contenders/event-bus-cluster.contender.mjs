import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventBusModule, EventBusPublisher, OnEvent, redisCluster } from 'nestjs-redis-event-bus';
import { decorateMethod, handlerClasses } from './handler.class.mjs';

/** This library on a Cluster, with shard channels unless `kind` says otherwise. */
export const contender = {
  async connect({ place, kind = 'shard' }) {
    const app = await start(place, []);
    const publisher = app.get(EventBusPublisher);
    return { publish: (channel, order) => publisher.publish(channel, order, { kind }) };
  },
  async subscribe({ place, kind = 'shard', ...given }) {
    const providers = handlerClasses(given, ({ name }, prototype, key) =>
      decorateMethod(OnEvent(name, { kind }), prototype, key),
    );
    await start(place, providers);
  },
};

function start({ nodes }, providers) {
  class AppModule {}
  Module({ imports: [EventBusModule.forRoot({ transport: redisCluster({ nodes }) })], providers })(AppModule);
  return NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
}
