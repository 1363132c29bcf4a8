import { Injectable } from '@nestjs/common';
import { EventEmitterModule, OnEvent as OnEmitterEvent } from '@nestjs/event-emitter';
import type { EventBusModuleOptions } from 'nestjs-redis-event-bus';
import {
  EventBusModule,
  EventBusPublisher,
  EventBusSubscriber,
  OnEvent,
  memory,
  redis,
} from 'nestjs-redis-event-bus';
import { RedisServer } from '../support/redis.server.js';
import { startedApps } from '../support/started.apps.js';

const { create, log } = startedApps();

const bus = (options: Partial<EventBusModuleOptions> & { readonly name?: string } = {}) =>
  EventBusModule.forRoot({ transport: memory(), ...options });

const linesWith = (text: string) => log.texts.filter((line) => line.includes(text));

describe('@OnEvent of @nestjs/event-emitter', () => {
  @Injectable()
  class Mixed {
    @OnEmitterEvent('orders.created')
    wrong(): void {
      // The import that an editor proposes first.
    }

    @OnEvent('orders:created')
    right(): void {
      // Of the bus.
    }
  }

  it('is warned of once where its module is missing, with the import to write', async () => {
    const app = await create({ imports: [bus(), bus({ name: 'audit' })], providers: [Mixed] });
    await app.init();
    const lines = linesWith('@nestjs/event-emitter');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('methods="Mixed.wrong"');
    expect(lines[0]).toContain("Import OnEvent from 'nestjs-redis-event-bus'");
  });

  it('is fine where its module is imported', async () => {
    const app = await create({ imports: [bus(), EventEmitterModule.forRoot()], providers: [Mixed] });
    await app.init();
    expect(log.troubles).toEqual([]);
  });
});

describe('a wildcard of another broker', () => {
  it('is warned of once at the start, with what to write, and not where kind is given', async () => {
    @Injectable()
    class Orders {
      @OnEvent('orders.#')
      amqp(): void {
        // Would hear of one channel alone.
      }

      @OnEvent(['orders.#', 'orders:{created,paid}'])
      again(): void {
        // The same mistake once more.
      }

      @OnEvent('orders:+', { kind: 'channel' })
      literal(): void {
        // Means what it says.
      }
    }
    const app = await create({ imports: [bus()], providers: [Orders] });
    await app.init();
    const lines = linesWith('wildcard of another broker');
    expect(lines).toEqual([
      expect.stringMatching(/handler="Orders.amqp" target="orders\.#".*Write "orders\.\*"/),
      expect.stringMatching(/handler="Orders.again".*Write an array: \['orders:created', 'orders:paid'\]/),
    ]);
  });

  it('is warned of once in a subscription at run time', async () => {
    const app = await create({ imports: [bus()] });
    await app.init();
    const subscriber = app.get(EventBusSubscriber);
    for (let n = 0; n < 3; n += 1) await subscriber.subscribe('orders/+/paid', () => undefined);
    expect(linesWith('wildcard of another broker')).toHaveLength(1);
  });
});

describe('redis() without an address', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  const start = async (options: Parameters<typeof redis>[0]) => {
    const app = await create({
      imports: [bus({ transport: redis(options), startup: { onFailure: 'retry', timeoutMs: 100 } })],
    });
    await app.init();
    return linesWith('uses the default');
  };

  it.each(['url', 'host', 'port', 'path', 'client', 'sentinels'])(
    'names the address that is used when %s is undefined',
    async (option) => {
      const lines = await start({ [option]: undefined });
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/address="localhost:6379"/);
      expect(lines[0]).toContain(`Its ${option} is undefined`);
    },
  );

  it('says nothing where nothing was meant, or another option says where', async () => {
    const { port } = new URL(server.url);
    expect(await start({})).toEqual([]);
    expect(await start({ url: undefined, host: '127.0.0.1', port: Number(port) })).toEqual([]);
    expect(await start({ url: server.url, host: undefined })).toEqual([]);
  });
});

describe('a shutdown', () => {
  @Injectable()
  class Slow {
    begun!: () => void;
    readonly running = new Promise<void>((resolve) => (this.begun = resolve));

    @OnEvent('slow')
    async handle(): Promise<void> {
      this.begun();
      await new Promise(() => undefined);
    }
  }

  it('says in one line that everything was drained', async () => {
    const app = await create({ imports: [bus()] });
    await app.init();
    await app.close();
    expect(linesWith('Event bus is closed')).toEqual([
      expect.stringMatching(/^Event bus is closed \(drained=true tookMs=\d+ unfinished=0\)/),
    ]);
  });

  it('says how many calls it did not wait for', async () => {
    const app = await create({ imports: [bus({ shutdown: { drainTimeoutMs: 0 } })], providers: [Slow] });
    await app.init();
    for (let n = 0; n < 3; n += 1) await app.get(EventBusPublisher).publish('slow', n);
    await app.get(Slow).running;
    await app.close();
    expect(linesWith('Event bus is closed')).toEqual([
      expect.stringMatching(/^Event bus is closed \(drained=false tookMs=\d+ unfinished=3\)/),
    ]);
  });
});
