import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ConsoleLogger, Injectable } from '@nestjs/common';
import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  EventBusModule,
  EventBusPublisher,
  EventBusStatus,
  OnEvent,
  OnGap,
  PublishRefusedError,
  redis,
} from 'nestjs-redis-event-bus';
import { EventBusFaults, EventBusTestingModule, EventRecorder } from 'nestjs-redis-event-bus/testing';
import { RedisServer } from '../support/redis.server.js';

/** What the shop has in stock, by the store that is always right. */
class Warehouse {
  readonly stock = new Map([['pen', 3]]);
}

/** The service under test: keeps a copy of the stock, and reads all of it again after a gap. */
@Injectable()
class StockCache {
  readonly copy = new Map<string, number>();

  constructor(private readonly warehouse: Warehouse) {}

  @OnEvent('stock:changed')
  change({ sku, count }: { sku: string; count: number }) {
    this.copy.set(sku, count);
  }

  @OnGap()
  readAll() {
    for (const [sku, count] of this.warehouse.stock) this.copy.set(sku, count);
  }
}

describe('faults for users, on a real Redis', () => {
  let server: RedisServer;
  let app: INestApplicationContext;
  let faults: EventBusFaults;
  let publisher: EventBusPublisher;
  let recorder: EventRecorder;
  let cache: StockCache;
  let warehouse: Warehouse;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    const transport = redis({ url: server.url });
    const testing = await Test.createTestingModule({
      imports: [EventBusModule.forRoot({ transport }), EventBusTestingModule.forRoot({ transport })],
      providers: [StockCache, Warehouse],
    })
      .setLogger(new ConsoleLogger({ logLevels: [] }))
      .compile();
    app = await testing.init();
    faults = app.get(EventBusFaults);
    publisher = app.get(EventBusPublisher);
    recorder = app.get(EventRecorder);
    cache = app.get(StockCache);
    warehouse = app.get(Warehouse);
  });
  afterEach(async () => {
    await faults.endAll();
    await app.close();
  });

  it('let a service prove that it recovers what it missed', async () => {
    await publisher.publish('stock:changed', { sku: 'pen', count: 3 });
    await recorder.waitFor('stock:changed', { stage: 'handled' });

    await faults.disconnect();
    warehouse.stock.set('pen', 2);
    await server.cli('PUBLISH', 'stock:changed', JSON.stringify({ sku: 'pen', count: 2 }));
    expect(app.get(EventBusStatus).current).toBe('degraded');
    await faults.endAll();

    expect(app.get(EventBusStatus).current).toBe('ready');
    expect(cache.copy.get('pen')).toBe(2);
    expect(recorder.handled).toHaveLength(1);
  });

  it('deny a channel and allow it again', async () => {
    const fault = faults.deny('stock:changed');
    await server.cli('PUBLISH', 'stock:changed', JSON.stringify({ sku: 'pen', count: 1 }));
    await expect(publisher.publish('stock:changed', {})).rejects.toThrow(PublishRefusedError);
    await fault.end();
    await publisher.publish('stock:changed', { sku: 'ink', count: 7 });
    await recorder.waitFor('stock:changed', { stage: 'handled' });
    expect([...cache.copy]).toEqual([
      ['pen', 3],
      ['ink', 7],
    ]);
  });

  it('hold a handler until its fault ends', async () => {
    const slow = faults.slow('StockCache.change');
    await publisher.publish('stock:changed', { sku: 'pen', count: 1 });
    await server.cli('PING');
    expect(recorder.handled).toEqual([]);
    await slow.end();
    await recorder.waitFor('stock:changed', { stage: 'handled' });
    expect(cache.copy.get('pen')).toBe(1);
  });
});
