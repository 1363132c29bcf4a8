import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, EventPattern, Payload, Transport } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { decorateMethod, handlerClasses } from './handler.class.mjs';

/** Nest's own `Transport.REDIS`: `ClientProxy.emit()`, and an application with `@EventPattern`. */
export const contender = {
  async connect({ place: { port } }) {
    const client = ClientProxyFactory.create({
      transport: Transport.REDIS,
      options: { host: '127.0.0.1', port },
    });
    await client.connect();
    return {
      publish: (channel, order) => lastValueFrom(client.emit(channel, order), { defaultValue: undefined }),
    };
  },
  async subscribe({ place: { port }, ...given }) {
    const decorate = ({ name }, prototype, key) => {
      // Nest runs pipes for decorated parameters alone.
      if (given.style === 'guarded') Payload()(prototype, key, 0);
      decorateMethod(EventPattern(name), prototype, key);
    };
    class AppModule {}
    Module({ controllers: handlerClasses(given, decorate, Controller()) })(AppModule);
    const wildcards = given.targets.some(({ isPattern }) => isPattern);
    const app = await NestFactory.createMicroservice(AppModule, {
      logger: false,
      abortOnError: false,
      transport: Transport.REDIS,
      options: { host: '127.0.0.1', port, wildcards },
    });
    await app.listen();
  },
};
