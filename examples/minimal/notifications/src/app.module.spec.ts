import { Test } from '@nestjs/testing';
import { EventBusPublisher } from 'nestjs-redis-event-bus';
import { EventBusTestingModule, EventRecorder } from 'nestjs-redis-event-bus/testing';
import { AppModule } from './app.module.js';

it('notifies about an order', async () => {
  const testing = Test.createTestingModule({ imports: [AppModule, EventBusTestingModule.forRoot()] });
  const app = await (await testing.compile()).init();

  await app.get(EventBusPublisher).publish('orders:created', { id: '42', total: 9 });
  const { handler } = await app.get(EventRecorder).waitFor('orders:created', { stage: 'handled' });
  expect(handler).toBe('OrderNotifier.notify');

  await app.close();
});
