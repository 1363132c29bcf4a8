import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConsoleLogger, type INestApplication, Logger, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { TransportFactory } from 'nestjs-redis-event-bus';
import type { AppConfig } from './app.config.js';
import { AppModule } from './app.module.js';

/** For several apps in one process, which share an in-process broker and Nest's global logger. */
export interface OrdersAppOverrides {
  /** @default the configured Redis, or an in-process transport of its own */
  readonly transport?: TransportFactory;
  readonly logger?: LoggerService;
}

/**
 * Resolves when the bus is ready and HTTP requests are answered. The caller closes the app; if it cannot start, it is closed
 * already.
 */
export async function startOrdersApp(
  config: AppConfig,
  { transport, logger = new ConsoleLogger({ prefix: 'orders' }) }: OrdersAppOverrides = {},
): Promise<INestApplication> {
  const { redis, host } = config;
  const app = await NestFactory.create(AppModule.forRoot({ redis, transport }), {
    logger,
    abortOnError: false,
  });
  try {
    await app.init();

    // Nest's own listen() would log a taken port a second time.
    const server = app.getHttpServer() as Server;
    server.listen(config.port, host);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    new Logger('OrdersApp').log(`Listening (url=http://${host ?? 'localhost'}:${port})`);
  } catch (error) {
    // Nest closes nothing when a hook fails or the port is in use.
    await app.close().catch(() => undefined);
    throw error;
  }
  return app;
}
