import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventBusModule, EventBusPublisher, OnEvent, memory } from 'nestjs-redis-event-bus';
import { decorateMethod } from './handler.class.mjs';

/** This library on `memory()`, where the handler gets a copy, as with Redis. */
export const contender = {
  async open(channel, handle) {
    class OrderHandlers {
      created(order) {
        handle(order);
      }
    }
    decorateMethod(OnEvent(channel), OrderHandlers.prototype, 'created');
    Injectable()(OrderHandlers);
    class AppModule {}
    Module({ imports: [EventBusModule.forRoot({ transport: memory() })], providers: [OrderHandlers] })(
      AppModule,
    );
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    const publisher = app.get(EventBusPublisher);
    return (order) => publisher.publish(channel, order);
  },
};
