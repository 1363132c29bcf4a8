import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type EventContext, EventBusModule, EventBusPublisher, OnEvent, redis } from 'nestjs-redis-event-bus';

// The application of scripts/runtimes.mjs, which stops it by SIGTERM while the second event is handled.

@Injectable()
class OrderNotifier {
  @OnEvent('orders:*')
  notify(order: { id: number }, event: EventContext): void {
    console.log(`handled ${event.channel} ${order.id}`);
  }

  @OnEvent('reports:monthly')
  async report(): Promise<void> {
    console.log('working');
    // Work that SIGTERM finds unfinished: what is looked at is that the shutdown waits for its last line.
    await delay(200);
    console.log('finished');
  }
}

@Module({
  imports: [EventBusModule.forRoot({ transport: redis({ url: process.env['REDIS_URL'] }) })],
  providers: [OrderNotifier],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
  app.enableShutdownHooks();
  const publisher = app.get(EventBusPublisher);
  await publisher.publish('orders:created', { id: 42 });
  await publisher.publish('reports:monthly', {});
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
