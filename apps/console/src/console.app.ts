import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConsoleLogger, type INestApplication, Logger, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { TransportFactory } from 'nestjs-redis-event-bus';
import type { AppConfig } from './app.config.js';
import { AppModule } from './app.module.js';

/** For several apps in one process, which share an in-process broker and Nest's global logger. */
export interface ConsoleAppOverrides {
  /** @default the configured Redis, or an in-process transport of its own */
  readonly transport?: TransportFactory;
  readonly logger?: LoggerService;
}

/** Resolves when the page can be opened. The caller closes the app; if it cannot start, it is closed already. */
export async function startConsoleApp(
  config: AppConfig,
  { transport, logger = new ConsoleLogger({ prefix: 'console' }) }: ConsoleAppOverrides = {},
): Promise<INestApplication> {
  const { redis, host, password } = config;
  const app = await NestFactory.create(AppModule.forRoot({ redis, transport, password }), {
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
    new Logger('ConsoleApp').log(`Listening (url=http://${host ?? 'localhost'}:${port}/event-bus)`);
  } catch (error) {
    // Nest closes nothing when a hook fails or the port is in use.
    await app.close().catch(() => undefined);
    throw error;
  }
  return app;
}
