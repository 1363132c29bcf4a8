import { ConsoleLogger, Injectable } from '@nestjs/common';
import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { EventContext, Gap } from 'nestjs-redis-event-bus';
import {
  EventBusInspector,
  EventBusModule,
  EventBusPublisher,
  EventBusStatus,
  EventBusSubscriber,
  NotConnectedError,
  OnEvent,
  OnGap,
  PublishRefusedError,
  SubscriptionRefusedError,
  memory,
  memoryBroker,
} from 'nestjs-redis-event-bus';
import { EventBusFaults } from './event-bus.faults.js';
import { EventBusTestingModule } from './event-bus.testing.module.js';
import { EventRecorder } from './event.recorder.js';
import { ListenerRecord } from '../conformance/listener.record.js';
import { publishOutcomes } from '../conformance/publish.outcomes.js';

@Injectable()
class Stock {
  readonly seen: unknown[] = [];
  readonly gaps: Gap[] = [];

  @OnEvent('orders:*')
  take(payload: unknown, _event: EventContext) {
    this.seen.push(payload);
  }

  @OnEvent('bills:paid')
  book(payload: unknown) {
    this.seen.push(payload);
  }

  @OnGap()
  reconcile(gap: Gap) {
    this.gaps.push(gap);
  }
}

describe('EventBusFaults', () => {
  const broker = memoryBroker();
  let app: INestApplicationContext;
  let faults: EventBusFaults;
  let events: EventRecorder;
  let publisher: EventBusPublisher;
  let status: EventBusStatus;
  let stock: Stock;

  beforeEach(async () => {
    const testing = await Test.createTestingModule({
      imports: [
        EventBusModule.forRoot({ transport: memory(), prefix: 'shop:' }),
        EventBusTestingModule.forRoot({ broker }),
      ],
      providers: [Stock],
    })
      .setLogger(new ConsoleLogger({ logLevels: [] }))
      .compile();
    app = await testing.init();
    faults = app.get(EventBusFaults);
    events = app.get(EventRecorder);
    publisher = app.get(EventBusPublisher);
    status = app.get(EventBusStatus);
    stock = app.get(Stock);
  });
  afterEach(() => app.close());

  it('cuts the application off, and tells the gap when the connection is back', async () => {
    const cut = faults.disconnect({ forMs: 20 });
    expect(status.current).toBe('degraded');
    await expect(publisher.publish('orders:created', 1)).rejects.toThrow(NotConnectedError);
    await cut;
    expect(status.current).toBe('ready');
    expect(stock.gaps).toEqual([
      expect.objectContaining({
        reason: 'connection-lost',
        targets: ['bills:paid', 'orders:*'],
        missed: undefined,
      }),
    ]);
    await publisher.publish('orders:created', 2);
    await events.settled();
    expect(stock.seen).toEqual([2]);
  });

  it('loses what others publish while it is cut off', async () => {
    const sender = memory({ broker }).create(new ListenerRecord());
    await sender.connect();
    const send = (body: string) =>
      publishOutcomes(sender, [{ kind: 'channel', channel: 'shop:orders:created', body }]);
    await faults.disconnect();
    await send('1');
    await faults.endAll();
    await send('2');
    await events.settled();
    expect(stock.seen).toEqual([2]);
    await sender.close();
  });

  it('sends what was buffered for the connection when it is back', async () => {
    await faults.disconnect();
    const published = publisher.publish('orders:created', 1, { whenDisconnected: { bufferMs: 5_000 } });
    await faults.endAll();
    expect(await published).toBe(1);
    await events.settled();
    expect(stock.seen).toEqual([1]);
  });

  it('lets a subscription wait for the connection', async () => {
    await faults.disconnect();
    const seen: unknown[] = [];
    const subscribing = app.get(EventBusSubscriber).subscribe('news', (payload) => void seen.push(payload));
    await faults.endAll();
    await subscribing;
    await publisher.publish('news', 1);
    await events.settled();
    expect(seen).toEqual([1]);
  });

  it('denies one channel, to handlers and publishers, and tells the gap when it is allowed again', async () => {
    const fault = faults.deny('bills:paid');
    expect(status.current).toBe('degraded');
    await expect(publisher.publish('bills:paid', 1)).rejects.toThrow(PublishRefusedError);
    await expect(app.get(EventBusSubscriber).subscribe('bills:paid', () => undefined)).rejects.toThrow(
      SubscriptionRefusedError,
    );
    const { subscriptions } = app.get(EventBusInspector).snapshot();
    expect(subscriptions).toContainEqual(
      expect.objectContaining({ target: 'shop:bills:paid', state: 'denied' }),
    );
    await publisher.publish('orders:created', 2);
    await events.settled();
    await fault.end();
    await fault.end();
    expect(status.current).toBe('ready');
    await publisher.publish('bills:paid', 3);
    await events.settled();
    expect(stock.seen).toEqual([2, 3]);
    expect(stock.gaps).toMatchObject([{ reason: 'subscription-denied', targets: ['bills:paid'] }]);
  });

  it('holds the calls of a handler until the fault ends', async () => {
    const slow = faults.slow('Stock.take');
    await publisher.publish('orders:created', 1);
    await publisher.publish('bills:paid', 2);
    await events.waitFor('bills:paid', { stage: 'handled' });
    expect(stock.seen).toEqual([2]);
    await slow.end();
    await events.settled();
    expect(stock.seen).toEqual([2, 1]);
  });

  it('makes every call of a handler take longer', async () => {
    faults.slow('Stock.take', { byMs: 5 });
    for (const payload of [1, 2, 3]) await publisher.publish('orders:created', payload);
    expect(stock.seen).not.toContain(3);
    await events.settled();
    expect(stock.seen).toEqual([1, 2, 3]);
  });

  it('names the handlers that there are when it is given another one', () => {
    expect(() => faults.slow('Stock.eat')).toThrow(
      'There is no handler Stock.eat. Known: Stock.take, Stock.book.',
    );
  });
});
