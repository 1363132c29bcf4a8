import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { decorateMethod } from './handler.class.mjs';

/** `@nestjs/event-emitter`, where the handler gets the very object. */
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
    Module({ imports: [EventEmitterModule.forRoot()], providers: [OrderHandlers] })(AppModule);
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    const emitter = app.get(EventEmitter2);
    return (order) => emitter.emit(channel, order);
  },
};
