/**
 * A service with nestjs-cls, whose stores begin in its ClsGuard or in its ClsInterceptor. Publishes a burst of events, as one
 * request would, and prints what each call found in its store, and what a listener found that nothing is mounted on.
 *
 * Variables: REDIS_URL (none: in this process), MOUNT: `guard` or `interceptor`, EVENTS: how many.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { Module, UseGuards, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClsGuard, ClsInterceptor, ClsModule, ClsService, ClsServiceManager } from 'nestjs-cls';
import {
  EventBusInspector,
  EventBusModule,
  EventBusPublisher,
  EventBusSubscriber,
  OnEvent,
  memory,
  redis,
} from 'nestjs-redis-event-bus';

const { REDIS_URL, MOUNT, EVENTS } = process.env;
const found = [];
const cls = ClsServiceManager.getClsService();

class Handlers {
  async first(n) {
    await turn();
    found.push({ handler: 'first', n, id: cls.getId(), stored: cls.get('n') });
  }

  second(n) {
    found.push({ handler: 'second', n, id: cls.getId(), stored: cls.get('n') });
  }
}
for (const name of ['first', 'second']) {
  const descriptor = Object.getOwnPropertyDescriptor(Handlers.prototype, name);
  const around = MOUNT === 'guard' ? UseGuards(ClsGuard) : UseInterceptors(ClsInterceptor);
  for (const decorate of [around, OnEvent('numbers')]) decorate(Handlers.prototype, name, descriptor);
}

let calls = 0;
const options = {
  mount: false,
  generateId: true,
  idGenerator: () => `call-${(calls += 1)}`,
  setup: (service, context) => service.set('n', context.switchToRpc().getData()),
};
class AppModule {}
Module({
  imports: [
    ClsModule.forRoot({ guard: options, interceptor: options }),
    EventBusModule.forRoot({ transport: REDIS_URL ? redis({ url: REDIS_URL }) : memory() }),
  ],
  providers: [Handlers],
})(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error'] });
const [publisher, inspector] = [app.get(EventBusPublisher), app.get(EventBusInspector)];
await app.get(EventBusSubscriber).subscribe('numbers', (n) => {
  found.push({ handler: 'listener', n, isActive: cls.isActive() });
});
await app
  .get(ClsService)
  .runWith({ n: 'of the publisher' }, () =>
    Promise.all(Array.from({ length: Number(EVENTS) }, (_, n) => publisher.publish('numbers', n))),
  );
while (inspector.snapshot().counters.handled < 3 * Number(EVENTS)) await turn();
await app.close();
console.log(`found ${JSON.stringify(found)}`);
