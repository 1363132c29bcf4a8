import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { redisTransport } from '@libs/shop-events';
import { ConsoleLogger, type INestApplication, Logger, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { memory, memoryBroker, type TransportFactory } from 'nestjs-redis-event-bus';
import { EventBusServer, nestPacket } from 'nestjs-redis-event-bus/microservices';
import type { AppConfig } from './app.config.js';
import { AppModule } from './app.module.js';

/** For several apps in one process, which share an in-process broker and Nest's global logger. */
export interface NotificationsAppOverrides {
  /** @default the configured Redis, or an in-process transport of its own */
  readonly transport?: TransportFactory;
  readonly logger?: LoggerService;
}

/**
 * Resolves when events are handled, and requests on the bus and by HTTP are answered. The caller closes the app; if it cannot
 * start, it is closed already.
 */
export async function startNotificationsApp(
  config: AppConfig,
  { transport, logger = new ConsoleLogger({ prefix: 'notifications' }) }: NotificationsAppOverrides = {},
): Promise<INestApplication> {
  const { redis, notifyDelayMs, host } = config;
  // One transport for both: events and requests of a process use the same broker.
  const shared = transport ?? (redis ? redisTransport(redis) : memory({ broker: memoryBroker() }));
  const module = AppModule.forRoot({ redis, notifyDelayMs, transport: shared });
  const app = await NestFactory.create(module, { logger, abortOnError: false });
  const strategy = new EventBusServer({ transport: shared, codec: nestPacket() });
  app.connectMicroservice<MicroserviceOptions>({ strategy }, { inheritAppConfig: true });
  try {
    await app.init();
    await app.startAllMicroservices();

    // Nest's own listen() would log a taken port a second time.
    const server = app.getHttpServer() as Server;
    server.listen(config.port, host);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    new Logger('NotificationsApp').log(`Listening (url=http://${host ?? 'localhost'}:${port})`);
  } catch (error) {
    // Nest closes nothing when a hook fails or the port is in use.
    await app.close().catch(() => undefined);
    throw error;
  }
  return app;
}
