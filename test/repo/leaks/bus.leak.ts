import { NestFactory } from '@nestjs/core';
import { EventBusModule, redis } from 'nestjs-redis-event-bus';
import { RedisServer } from '../../support/redis.server.js';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

it('leaves a bus behind', async () => {
  class AppModule {}
  const imports = [EventBusModule.forRoot({ transport: redis({ url: server.url }) })];
  await NestFactory.createApplicationContext({ module: AppModule, imports }, { logger: false });
});
