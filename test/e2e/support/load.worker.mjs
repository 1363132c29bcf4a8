import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventBusModule, EventBusPublisher, OnEvent, cloudEvents, redis } from 'nestjs-redis-event-bus';
import { EventBusReportingModule } from 'nestjs-redis-event-bus/reporting';

// `publisher` publishes as many events as it is told, 5,000 a second at most; `subscriber` handles them. Each says how many.
const { ROLE, REDIS_URL, EVENTS } = process.env;
const TICK_MS = 20;
const PER_TICK = 100;

class Load {
  handled = 0;

  handle() {
    this.handled += 1;
    if (this.handled === Number(EVENTS)) console.log(`handled ${this.handled}`);
  }
}
if (ROLE === 'subscriber') {
  OnEvent('load:*')(Load.prototype, 'handle', Object.getOwnPropertyDescriptor(Load.prototype, 'handle'));
}

class LoadModule {}
Module({
  imports: [
    EventBusModule.forRoot({ transport: redis({ url: REDIS_URL }), codec: cloudEvents({ source: '/load' }) }),
    EventBusReportingModule.forRoot({ service: `load-${ROLE}`, payloads: 'preview' }),
  ],
  providers: [Load],
})(LoadModule);

const app = await NestFactory.createApplicationContext(LoadModule, { logger: ['error'] });
process.on('SIGTERM', () => void app.close().then(() => process.exit(0)));
console.log('ready');

if (ROLE === 'publisher') {
  process.stdin.once('data', () => void publishAll(app.get(EventBusPublisher)));
}

async function publishAll(publisher) {
  let reached = 0;
  let sent = 0;
  while (sent < Number(EVENTS)) {
    const batch = Array.from({ length: PER_TICK }, () =>
      publisher.publish(`load:${sent % 10}`, { number: (sent += 1) }),
    );
    for (const count of await Promise.all(batch)) reached += count;
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  console.log(`reached ${reached}`);
}
