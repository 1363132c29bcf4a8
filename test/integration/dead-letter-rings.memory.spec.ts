import type { INestApplicationContext, Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { EventBusModuleOptions, EventCodec, MemoryBroker } from 'nestjs-redis-event-bus';
import {
  EventBusInspector,
  EventBusModule,
  EventBusPublisher,
  OnEvent,
  cloudEvents,
  json,
  memory,
  memoryBroker,
  raw,
} from 'nestjs-redis-event-bus';
import { eventually } from '../support/eventually.js';
import { LogLines } from '../support/log.lines.js';

const MAX_HOPS = 5;

let broker: MemoryBroker;
let apps: INestApplicationContext[] = [];
let log: LogLines;
beforeEach(() => {
  broker = memoryBroker();
  log = new LogLines();
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

async function start(provider: Type, options: Partial<EventBusModuleOptions> = {}) {
  @Module({
    imports: [EventBusModule.forRoot({ ...options, transport: memory({ broker }) })],
    providers: [provider],
  })
  class Service {}
  const app = await NestFactory.createApplicationContext(Service, { logger: log, abortOnError: false });
  apps.push(app);
  return app;
}

/** Fails on whatever comes. */
function failing(target: string, deadLetter: string, retry?: { attempts: number; delayMs: number }): Type {
  class Failing {
    @OnEvent(target, { deadLetter, ...(retry && { retry }) })
    handle() {
      throw new Error('boom');
    }
  }
  return Failing;
}

const total = (counter: 'deadLettered' | 'deadLettersLost' | 'failed' | 'rejected') =>
  apps.reduce((sum, app) => sum + app.get(EventBusInspector).snapshot().counters[counter], 0);
const lost = () => log.troubles.filter((line) => line.startsWith('A dead letter is lost'));

async function expectToEnd(): Promise<void> {
  await eventually(() => expect(total('deadLettersLost')).toBe(1));
  expect(total('deadLettered')).toBe(MAX_HOPS);
  expect(lost()).toEqual([expect.stringContaining("handlers fail on each other's dead letters")]);
}

describe('handlers that fail on dead letters', () => {
  const codecs: readonly [string, () => EventCodec, () => EventCodec][] = [
    ['json()', json, json],
    ['raw()', raw, raw],
    ['cloudEvents()', () => cloudEvents({ source: '/a' }), () => cloudEvents({ source: '/b' })],
    ['cloudEvents() and json()', () => cloudEvents({ source: '/a' }), json],
    ['cloudEvents() and raw()', () => cloudEvents({ source: '/a' }), raw],
    ['json() and raw()', json, raw],
  ];

  it.each(codecs)('end after five of them, in two services with %s', async (_codecs, first, second) => {
    const app = await start(failing('orders', 'dead:a'), { codec: first() });
    await start(failing('dead:a', 'dead:b'), { codec: second() });
    await start(failing('dead:b', 'dead:a'), { codec: first() });
    await app.get(EventBusPublisher).publish('orders', Buffer.from('event').toString());
    await expectToEnd();
  });

  it('end in one service, with retries', async () => {
    class Both {
      @OnEvent(['orders', 'b'], { deadLetter: 'a', retry: { attempts: 2, delayMs: 1 } })
      one() {
        throw new Error('boom');
      }

      @OnEvent('a', { deadLetter: 'b' })
      other() {
        throw new Error('boom');
      }
    }
    const app = await start(Both);
    await app.get(EventBusPublisher).publish('orders', { id: 1 });
    await expectToEnd();
  });

  it('end in a ring of three with wide patterns', async () => {
    const app = await start(failing('[ox]*', 'a:dead'));
    await start(failing('a:*', 'b:dead'));
    await start(failing('b:*', 'x:dead'));
    await app.get(EventBusPublisher).publish('orders', { id: 1 });
    await expectToEnd();
  });

  it('end where a letter does not decode, and where it is too large to be read', async () => {
    const unreadable: EventCodec = {
      name: 'unreadable',
      encode: (payload) => json().encode(payload, ''),
      decode: () => {
        throw new Error('no');
      },
    };
    const app = await start(failing('orders', 'a'));
    await start(failing('a', 'b'), { codec: unreadable });
    await start(failing('b', 'a'), { maxPayloadBytes: 500 });
    await app.get(EventBusPublisher).publish('orders', { text: 'x'.repeat(1_000) });
    await expectToEnd();
    expect(total('rejected')).toBeGreaterThan(2);
  });

  it('leave alone what a handler publishes again itself: an event is no dead letter', async () => {
    const seen: unknown[] = [];
    class Again {
      @OnEvent('orders', { deadLetter: 'dead' })
      handle() {
        throw new Error('boom');
      }

      @OnEvent('dead')
      async again({
        hops,
        event,
      }: {
        readonly hops?: number;
        readonly event: { readonly payload: unknown };
      }) {
        seen.push(hops);
        if (seen.length < 20) await app.get(EventBusPublisher).publish('orders', event.payload);
      }
    }
    const app = await start(Again);
    await app.get(EventBusPublisher).publish('orders', { id: 1 });
    await eventually(() => expect(seen).toEqual(Array.from({ length: 20 }, () => undefined)));
    expect(total('deadLettersLost')).toBe(0);
  });
});
