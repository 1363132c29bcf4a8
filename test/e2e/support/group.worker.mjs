/**
 * One instance of a service whose handler may have a group. Writes what it begins and what it has done into lists of
 * Redis, `begun:<instance>` and `done:<instance>`; prints its counters when it was told to end and has.
 *
 * Variables: REDIS_URL, INSTANCE, GROUP (none when empty), HANG_AFTER: from so many events on, no call ends.
 */
import { once } from 'node:events';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { EventBusInspector, EventBusModule, OnEvent, cloudEvents, redis } from 'nestjs-redis-event-bus';

const { REDIS_URL, INSTANCE, GROUP, HANG_AFTER = 'Infinity' } = process.env;
const store = new Redis(REDIS_URL);
let calls = 0;

class Worker {
  async work(payload) {
    calls += 1;
    const hangs = calls > Number(HANG_AFTER);
    await store.rpush(`begun:${INSTANCE}`, payload);
    if (hangs) await new Promise(() => undefined);
    await store.rpush(`done:${INSTANCE}`, payload);
  }
}
const options = { concurrency: 16, ...(GROUP === '' ? {} : { group: GROUP }) };
OnEvent('jobs:*', options)(
  Worker.prototype,
  'work',
  Object.getOwnPropertyDescriptor(Worker.prototype, 'work'),
);

class AppModule {}
Module({
  imports: [
    EventBusModule.forRoot({ transport: redis({ url: REDIS_URL }), codec: cloudEvents({ source: '/jobs' }) }),
  ],
  providers: [Worker],
})(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error'] });
console.log('ready');
await once(process, 'SIGTERM');
await app.close();
console.log(`counters ${JSON.stringify(app.get(EventBusInspector).snapshot().counters)}`);
store.disconnect();
