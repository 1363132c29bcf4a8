import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { EventBusModule, EventBusPublisher, OnEvent, memory } from 'nestjs-redis-event-bus';
import { EventBusTestingModule, EventRecorder } from 'nestjs-redis-event-bus/testing';

// The test of scripts/installs.mjs, on the globals that Jest and Vitest have in common.

@Injectable()
class OrderNotifier {
  @OnEvent('orders:*')
  notify(): void {}
}

it('hears what is published', async () => {
  const testing = Test.createTestingModule({
    imports: [EventBusModule.forRoot({ transport: memory() }), EventBusTestingModule.forRoot()],
    providers: [OrderNotifier],
  });
  const app = await (await testing.compile()).init();
  await app.get(EventBusPublisher).publish('orders:created', { id: 42 });
  const { payload } = await app.get(EventRecorder).waitFor('orders:created');
  expect(payload).toEqual({ id: 42 });
  await app.close();
});
