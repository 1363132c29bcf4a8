import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { ClientRedis, EventPattern, Transport } from '@nestjs/microservices';
import type { Redis } from 'ioredis';
import { filter, lastValueFrom } from 'rxjs';
import { LogLines } from '../../support/log.lines.js';
import type { Contender } from './contender.js';
import { isGlob } from './contender.js';
import { handlerClass } from './handler.class.js';

/** There is nothing to disconnect before it has connected, nor after it has given up. */
function disconnect(side: { unwrap<T>(): T }): void {
  try {
    for (const connection of side.unwrap<[Redis, Redis]>()) connection.disconnect();
  } catch {
    return;
  }
}

/** Nest's own microservice on Transport.REDIS and its client, with their defaults. */
export function nestTransport(): Contender {
  return {
    name: "Nest's Transport.REDIS",
    async start({ url, handlers = [], endLater }) {
      const log = new LogLines();
      const { hostname: host, port, username, password } = new URL(url);
      const options = {
        host,
        port: Number(port),
        ...(username === '' ? {} : { username }),
        ...(password === '' ? {} : { password }),
      };
      const wildcards = handlers.some(({ targets }) => targets.some(isGlob));
      @Module({
        controllers: [handlerClass(handlers, (targets) => EventPattern([...targets]) as MethodDecorator)],
      })
      class Service {}
      const app = await NestFactory.createMicroservice<MicroserviceOptions>(Service, {
        transport: Transport.REDIS,
        options: { ...options, wildcards },
        logger: log,
        abortOnError: false,
      });
      const client = new ClientRedis(options);
      endLater(() => [app, client].forEach(disconnect));
      await app.listen();
      await client.connect();
      let status = 'connected';
      app.status.subscribe((next: string) => (status = next));
      return {
        gaps: [],
        log,
        onUnready: (listener) =>
          void app.status.pipe(filter((next) => next !== 'connected')).subscribe(listener),
        isReady: () => status === 'connected',
        report: () => [status, ...log.texts].join('\n'),
        publish: (channel, payload) =>
          lastValueFrom(client.emit(channel, payload), { defaultValue: undefined }),
        close: () => app.close().then(() => client.close()),
      };
    },
  };
}
