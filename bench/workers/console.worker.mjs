// A process that serves the console of this library.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventBusModule, redis } from 'nestjs-redis-event-bus';
import { EventBusConsoleModule } from 'nestjs-redis-event-bus-console';
import { serve } from './serve.mjs';
import { Stopwatch } from './stopwatch.mjs';

let stopwatch;

serve({
  /** Resolves with the address of its frames. */
  async open({ place: { port }, prefix }) {
    class AppModule {}
    Module({
      imports: [
        EventBusModule.forRoot({ transport: redis({ host: '127.0.0.1', port }), prefix }),
        EventBusConsoleModule.forRoot({ access: 'loopback' }),
      ],
    })(AppModule);
    const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    return `${await app.getUrl()}/event-bus/events`;
  },
  begin() {
    stopwatch = new Stopwatch();
  },
  read: () => stopwatch.read(),
});
