import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventBusModule, memory } from 'nestjs-redis-event-bus';
import { EventBusConsoleModule } from 'nestjs-redis-event-bus-console';
import { EventBusReportingModule } from 'nestjs-redis-event-bus/reporting';

// The application of scripts/check-package.mjs that mounts the console, as ESM and as CommonJS.

@Module({
  imports: [
    EventBusModule.forRoot({ transport: memory() }),
    EventBusReportingModule.forRoot({ service: 'orders' }),
    EventBusConsoleModule.forRoot({ access: 'loopback', title: undefined }),
  ],
})
class AppModule {}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.text();
  return response.status;
}

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  await app.listen(0, '127.0.0.1');
  const page = `${await app.getUrl()}/event-bus`;
  const news = `page ${await statusOf(page)}, script ${await statusOf(`${page}/app.js`)}`;
  await app.close();
  console.log(news);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
