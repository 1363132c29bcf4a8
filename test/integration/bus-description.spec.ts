import { jest } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { untyped } from '../support/untyped.js';
import type { EventBusModuleOptions, TransportListener } from 'nestjs-redis-event-bus';
import {
  EventBusInspector,
  EventBusModule,
  EventBusSubscriber,
  OnEvent,
  defineEvent,
  memory,
  redis,
  redisCluster,
} from 'nestjs-redis-event-bus';

const listener: TransportListener = untyped({});
const schema = z.object({ total: z.number() });
const OrderCreated = defineEvent('orders:<orderId>:created', schema);
const Ledger = defineEvent('ledger:{eu}', undefined, { sharded: true });
const Unheard = defineEvent('orders:<orderId>:paid');

@Injectable()
class Notifier {
  @OnEvent([OrderCreated, 'orders:*', 'audit'], {
    orderBy: () => 'key',
    retry: { attempts: 5 },
    deadLetter: 'dead',
    timeoutMs: 200,
    buffer: { events: 7 },
  })
  notify(): void {}

  @OnEvent<typeof Ledger>(Ledger)
  book(): void {}
}

async function startedOn(options: Partial<EventBusModuleOptions>) {
  const imports = [EventBusModule.forRoot({ transport: memory(), ...options })];
  const testing = await Test.createTestingModule({ imports, providers: [Notifier] }).compile();
  return testing.createNestApplication({ logger: false }).init();
}

describe('the description of a bus', () => {
  it('has every handler with its targets, kinds, contracts and options, and sends no command', async () => {
    const app = await startedOn({ prefix: 'shop:', contracts: [Unheard, OrderCreated] });
    const inspector = app.get(EventBusInspector);
    const [notify, book] = inspector.describe().handlers;
    const created = {
      template: 'orders:<orderId>:created',
      isSharded: false,
      params: ['orderId'],
      schema,
    };
    expect(notify).toEqual({
      handler: 'Notifier.notify',
      isListener: false,
      targets: [
        { target: 'audit', kind: 'channel', name: 'shop:audit' },
        {
          target: 'orders:<orderId>:created',
          kind: 'pattern',
          name: 'shop:orders:*:created',
          params: ['orderId'],
          contract: created,
        },
        { target: 'orders:*', kind: 'pattern', name: 'shop:orders:*' },
      ],
      options: {
        concurrency: 256,
        orderBy: 'function',
        buffer: { events: 7, bytes: 16 * 1024 * 1024, overflow: 'drop-oldest' },
        timeoutMs: 200,
        stuckAfterMs: 30_000,
        retry: { attempts: 5, delayMs: 100, factor: 2 },
        deadLetter: 'dead',
        group: false,
      },
    });
    expect(book).toMatchObject({
      targets: [{ kind: 'shard', name: 'shop:ledger:{eu}', contract: { isSharded: true } }],
      options: { orderBy: 'channel', retry: { attempts: 1 }, deadLetter: false },
    });
    expect(book?.options).not.toHaveProperty('timeoutMs');
    expect(inspector.describe()).toMatchObject({
      bus: 'default',
      prefix: 'shop:',
      codec: 'json',
      transport: { name: 'memory', address: 'in-process' },
    });
    expect(inspector.describe().contracts.map(({ template }) => template)).toEqual([
      'orders:<orderId>:paid',
      'orders:<orderId>:created',
      'ledger:{eu}',
    ]);
    await app.close();
    // The connections are closed: whatever asked the broker would fail.
    expect(inspector.describe().handlers).toHaveLength(2);
  });

  it('has options in plain JSON', async () => {
    const app = await startedOn({});
    for (const { options } of app.get(EventBusInspector).describe().handlers) {
      expect(JSON.parse(JSON.stringify(options))).toStrictEqual(options);
    }
    await app.close();
  });

  it('tells the listeners that were added at run time', async () => {
    const app = await startedOn({});
    const subscription = await app.get(EventBusSubscriber).subscribe('later', jest.fn());
    const isListener = () =>
      app
        .get(EventBusInspector)
        .describe()
        .handlers.map((handler) => handler.isListener);
    expect(isListener()).toEqual([false, false, true]);
    await subscription.unsubscribe();
    expect(isListener()).toEqual([false, false]);
    await app.close();
  });

  it.each([
    ['redis://user:secret@cache:6379', false],
    ['rediss://user:secret@cache:6380', true],
  ])('tells whether %s uses TLS, and no credentials', (url, usesTls) => {
    expect(redis({ url }).create(listener)).toMatchObject({ usesTls });
    expect(redisCluster({ nodes: [url] }).create(listener)).toMatchObject({ usesTls });
    expect(redis({ url }).create(listener).address).not.toContain('secret');
  });

  it('does not count the TLS that reaches the Sentinels alone', () => {
    const sentinels = [{ host: 'guard', port: 26379 }];
    const options = { sentinels, name: 'main', tls: {} };
    const usesTls = (enableTLSForSentinelMode: boolean) =>
      redis({ ...options, enableTLSForSentinelMode }).create(listener).usesTls;
    expect([usesTls(true), usesTls(false)]).toEqual([true, false]);
  });
});
