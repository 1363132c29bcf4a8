import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { EventBusModule } from '../module/event-bus.module.js';
import { OnEvent } from '../handlers/on-event.decorator.js';
import { json } from '../message/json.codec.js';
import { EventBusPublisher } from '../publishing/event-bus.publisher.js';
import { memoryBroker } from '../transports/memory/memory.broker.js';
import { redis } from '../transports/redis/redis.transport.js';
import { EventBusTestingModule } from './event-bus.testing.module.js';
import { EventRecorder } from './event.recorder.js';

@Injectable()
class Chain {
  constructor(private readonly publisher: EventBusPublisher) {}

  @OnEvent('orders:created')
  async bill(order: { id: number }) {
    await this.publisher.publish('bills:created', { order: order.id });
  }

  @OnEvent('bills:*')
  async send() {
    await this.publisher.publish('mails:sent', {});
  }

  @OnEvent('broken')
  fail() {
    throw new Error('broken');
  }
}

async function start(broker = memoryBroker()) {
  const moduleRef = await Test.createTestingModule({
    // Nobody listens there: the testing module keeps the application away from it.
    imports: [
      EventBusModule.forRoot({ transport: redis({ host: '127.0.0.1', port: 1 }) }),
      EventBusTestingModule.forRoot({ broker }),
    ],
    providers: [Chain],
  }).compile();
  moduleRef.useLogger(false);
  await moduleRef.init();
  return {
    app: moduleRef,
    recorder: moduleRef.get(EventRecorder),
    publisher: moduleRef.get(EventBusPublisher),
  };
}

describe('EventRecorder', () => {
  it('remembers what was published, handled and failed, in order', async () => {
    const { app, recorder, publisher } = await start();
    await publisher.publish('orders:created', { id: 7 });
    await recorder.settled();
    await publisher.publish('broken', 1);
    await recorder.settled();

    const lines = recorder.events.map(({ stage, channel }) => `${stage} ${channel}`);
    const handledAt = lines.indexOf('handled orders:created');
    expect(handledAt).toBeGreaterThan(lines.indexOf('published bills:created'));
    expect(lines.indexOf('handled bills:created')).toBeGreaterThan(handledAt);
    expect(lines).toHaveLength(7);
    expect(recorder.published.map(({ payload }) => payload)).toEqual([{ id: 7 }, { order: 7 }, {}, 1]);
    expect(recorder.handled[0]).toMatchObject({ handler: 'Chain.bill', bus: 'default', payload: { id: 7 } });
    expect(recorder.failed[0]).toMatchObject({ handler: 'Chain.fail', error: new Error('broken') });
    await app.close();
  });

  it('is settled only when every event of a long frame is handled', async () => {
    const handled: unknown[] = [];
    class Counting {
      @OnEvent('many')
      count(payload: unknown) {
        handled.push(payload);
      }
    }
    const transport = redis({ host: '127.0.0.1', port: 1 });
    const app = await Test.createTestingModule({
      imports: [EventBusModule.forRoot({ transport, codec: json({ frames: true }) }), EventBusTestingModule],
      providers: [Counting],
    }).compile();
    app.useLogger(false);
    await app.init();
    const publisher = app.get(EventBusPublisher);
    await Promise.all(Array.from({ length: 10_000 }, (_, n) => publisher.publish('many', n)));
    await app.get(EventRecorder).settled();
    expect(handled).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
    await app.close();
  });

  it('is settled only when the events that handlers publish are handled too', async () => {
    const { app, recorder, publisher } = await start();
    await publisher.publish('orders:created', { id: 1 });
    await recorder.settled();
    expect(recorder.handled.map(({ handler }) => handler)).toEqual(['Chain.bill', 'Chain.send']);
    await app.close();
  });

  it('waits for a channel or a glob, and finds what is there already', async () => {
    const { app, recorder, publisher } = await start();
    const coming = recorder.waitFor('mails:*');
    await publisher.publish('orders:created', { id: 1 });
    expect(await coming).toMatchObject({ stage: 'published', channel: 'mails:sent' });
    expect(await recorder.waitFor('orders:created', { stage: 'handled' })).toMatchObject({
      handler: 'Chain.bill',
    });

    const second = recorder.waitFor('orders:created', { stage: 'published', count: 2 });
    await publisher.publish('orders:created', { id: 2 });
    expect(await second).toMatchObject({ payload: { id: 2 } });
    await app.close();
  });

  it('says what came instead when it waited in vain', async () => {
    const { app, recorder, publisher } = await start();
    await publisher.publish('other', 1);
    await expect(recorder.waitFor('orders:*', { timeoutMs: 1 })).rejects.toThrow(
      'No event on orders:* within 1 ms. Recorded so far: published other.',
    );
    recorder.clear();
    await expect(recorder.waitFor('x', { timeoutMs: 1, stage: 'handled' })).rejects.toThrow(
      'No handled on x within 1 ms. Recorded so far: nothing.',
    );
    await app.close();
  });

  it('keeps an application off Redis also when the module is imported as it is', async () => {
    const app = await Test.createTestingModule({
      imports: [
        EventBusModule.forRoot({ transport: redis({ host: '127.0.0.1', port: 1 }) }),
        EventBusTestingModule,
      ],
      providers: [Chain],
    }).compile();
    app.useLogger(false);
    await app.init();
    await app.get(EventBusPublisher).publish('bills:x', 1);
    expect(await app.get(EventRecorder).waitFor('mails:*')).toBeDefined();
    await app.close();
  });

  it('lets applications hear each other over a shared broker, and only then', async () => {
    const broker = memoryBroker();
    const [first, second, stranger] = [await start(broker), await start(broker), await start()];
    await first.publisher.publish('bills:x', 1);
    await first.recorder.settled();
    await second.recorder.settled();
    expect(second.recorder.handled).toHaveLength(1);
    expect(stranger.recorder.events).toHaveLength(0);
    await Promise.all([first.app.close(), second.app.close(), stranger.app.close()]);
  });
});
