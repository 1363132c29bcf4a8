import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { BillingModule } from './billing.module.js';
import { connection } from './connection.js';

export async function startBilling(): Promise<INestMicroservice> {
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(BillingModule, {
    logger: false,
    transport: Transport.REDIS,
    options: { ...connection(), wildcards: true, retryAttempts: 10, retryDelay: 500 },
  });
  await app.listen();
  return app;
}
