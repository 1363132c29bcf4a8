import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { redis } from 'nestjs-redis-event-bus';
import { EventBusServer, nestPacket } from 'nestjs-redis-event-bus/microservices';
import { BillingModule } from './billing.module.js';
import { connection } from './connection.js';

export async function startBilling(): Promise<INestMicroservice> {
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(BillingModule, {
    logger: false,
    strategy: new EventBusServer({ transport: redis(connection()), codec: nestPacket() }),
  });
  await app.listen();
  return app;
}
