/**
 * Instances of services that report themselves, each an application of its own.
 *
 * Variables: REDIS_URL, SERVICES: their names, separated by commas.
 */
import { once } from 'node:events';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventBusModule, OnEvent, redis } from 'nestjs-redis-event-bus';
import { EventBusReportingModule } from 'nestjs-redis-event-bus/reporting';

const { REDIS_URL, SERVICES } = process.env;

class OrderNotifier {
  notify() {}
}
const { prototype } = OrderNotifier;
OnEvent('orders:*')(prototype, 'notify', Object.getOwnPropertyDescriptor(prototype, 'notify'));

async function start(service) {
  class AppModule {}
  const transport = redis({ url: REDIS_URL, heartbeat: { intervalMs: 500, timeoutMs: 500 } });
  Module({
    imports: [EventBusModule.forRoot({ transport }), EventBusReportingModule.forRoot({ service })],
    providers: [OrderNotifier],
  })(AppModule);
  return NestFactory.createApplicationContext(AppModule, { logger: false });
}

const apps = await Promise.all(SERVICES.split(',').map(start));
console.log('ready');
await once(process, 'SIGTERM');
await Promise.all(apps.map((app) => app.close()));
