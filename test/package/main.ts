import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type EventContext,
  EventBusModule,
  EventBusPublisher,
  memory,
  OnEvent,
} from 'nestjs-redis-event-bus';
import * as testing from 'nestjs-redis-event-bus/testing';

// The application of scripts/check-package.mjs: what a user writes on the first day, as ESM and as CommonJS.

let arrive: (news: string) => void;
const arrival = new Promise<string>((resolve) => {
  arrive = resolve;
});

@Injectable()
class OrderNotifier {
  @OnEvent('orders:*')
  notify(order: { id: number }, event: EventContext): void {
    arrive(`${event.channel} ${order.id}`);
  }
}

@Module({ imports: [EventBusModule.forRoot({ transport: memory() })], providers: [OrderNotifier] })
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
  await app.get(EventBusPublisher).publish('orders:created', { id: 42 });
  const news = await arrival;
  await app.close();
  console.log(`handled ${news}, testing ${Object.keys(testing).length > 0 ? 'loaded' : 'empty'}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
