import { Injectable, Module, Scope } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { EventBusModule, OnEvent, OnGap, cloudEvents, memory, redis } from 'nestjs-redis-event-bus';
import type { EventBusModuleOptions } from 'nestjs-redis-event-bus';
import { Inbox } from '../support/inbox.js';
import { RedisServer } from '../support/redis.server.js';
import { startedApps } from '../support/started.apps.js';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

const { start } = startedApps();

/** A module with one handler, to be loaded when it is needed. */
function featureOf(seen: Inbox<unknown>, target = 'orders:*', group?: string) {
  @Injectable()
  class Notifier {
    @OnEvent(target, group === undefined ? {} : { group })
    notify(payload: unknown) {
      seen.push(payload);
    }

    @OnGap()
    reconcile() {
      return undefined;
    }
  }
  @Module({ providers: [Notifier] })
  class Feature {}
  return Feature;
}

const moduleOf = (provider: new () => object) => {
  @Module({ providers: [provider] })
  class Feature {}
  return Feature;
};

describe.each(['memory', 'redis'] as const)('a module that is loaded lazily, on %s', (name) => {
  const bus = (options: Partial<EventBusModuleOptions> = {}): EventBusModuleOptions => ({
    transport: name === 'memory' ? memory() : redis({ url: server.url }),
    ...options,
  });

  it('has handlers from the moment on in which it is loaded, each once', async () => {
    const seen = new Inbox<unknown>();
    const { app, publisher, snapshot } = await start({}, bus());
    expect(snapshot.handlers).toEqual([]);
    const Feature = featureOf(seen);
    const loader = app.get(LazyModuleLoader);
    await Promise.all([loader.load(() => Feature), loader.load(() => Feature)]);
    await loader.load(() => Feature);
    await publisher.publish('orders:1', 'event');
    await publisher.publish('orders:1', 'fence');
    expect(await seen.upTo((payload) => payload === 'fence')).toEqual(['event', 'fence']);
  });

  it('is loaded beside others, and from within another', async () => {
    const seen = new Inbox<unknown>();
    const { app, publisher } = await start({}, bus());
    const loader = app.get(LazyModuleLoader);
    const [inner, second] = [featureOf(seen, 'a'), featureOf(seen, 'c')];
    @Injectable()
    class Notifier {
      constructor(readonly lazy: LazyModuleLoader) {}

      @OnEvent('b')
      notify(payload: unknown) {
        seen.push(payload);
      }
    }
    @Module({
      providers: [
        Notifier,
        {
          provide: 'inner',
          useFactory: (lazy: LazyModuleLoader) => lazy.load(() => inner),
          inject: [LazyModuleLoader],
        },
      ],
    })
    class Outer {}
    await Promise.all([loader.load(() => Outer), loader.load(() => second)]);
    for (const channel of ['a', 'b', 'c']) await publisher.publish(channel, channel);
    expect(new Set(await seen.count(3))).toEqual(new Set(['a', 'b', 'c']));
  });

  it('is named when its handler cannot work, and the application goes on', async () => {
    const seen = new Inbox<unknown>();
    const { app, publisher } = await start({}, bus());
    const loader = app.get(LazyModuleLoader);
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient {
      @OnEvent('orders:*')
      handle() {
        return undefined;
      }
    }
    await expect(loader.load(() => moduleOf(Transient))).rejects.toThrow(
      /@OnEvent on Transient\.handle: its class is transient/,
    );
    await loader.load(() => featureOf(seen));
    await publisher.publish('orders:1', 1);
    expect(await seen.count(1)).toEqual([1]);
  });

  it('cannot bring a second handler of a group', async () => {
    const seen = new Inbox<unknown>();
    const codec = cloudEvents({ source: '/x' });
    const { app } = await start({ imports: [featureOf(seen, 'a', 'g')] }, bus({ codec }));
    await expect(app.get(LazyModuleLoader).load(() => featureOf(seen, 'b', 'g'))).rejects.toThrow(
      /Notifier\.notify is already in group "g"/,
    );
  });
});

describe('a module that is loaded lazily', () => {
  it('has its handlers served when it is loaded while the application starts', async () => {
    const seen = new Inbox<unknown>();
    const Feature = featureOf(seen);
    @Injectable()
    class Early {
      constructor(private readonly lazy: LazyModuleLoader) {}

      async onModuleInit() {
        await this.lazy.load(() => Feature);
      }
    }
    const { publisher } = await start({ providers: [Early] }, { transport: memory() });
    await publisher.publish('orders:1', 1);
    expect(await seen.count(1)).toEqual([1]);
  });

  it('is refused with the names of its handlers when Redis denies their channel', async () => {
    await server.cli('ACL', 'SETUSER', 'lazy', 'on', '>secret-1', 'resetchannels', '&orders:*', '+@all');
    const url = server.url.replace('redis://', 'redis://lazy:secret-1@');
    const seen = new Inbox<unknown>();
    const { app, publisher, snapshot } = await start({}, { transport: redis({ url }) });
    const loader = app.get(LazyModuleLoader);
    await expect(loader.load(() => featureOf(seen, 'denied'))).rejects.toThrow(
      /denied.*\(handlers: Notifier\.notify\)/s,
    );
    expect(snapshot.handlers).toEqual([]);
    await loader.load(() => featureOf(seen));
    await publisher.publish('orders:1', 1);
    expect(await seen.count(1)).toEqual([1]);
  });

  it('may have buses of two names, each with its own handlers', async () => {
    const seen = new Inbox<unknown>();
    @Injectable()
    class Audit {
      @OnEvent('orders:*', { bus: 'audit' })
      keep() {
        seen.push('audit');
      }
    }
    const audit = EventBusModule.forRoot({ name: 'audit', transport: memory() });
    const { app } = await start({ imports: [audit] }, { transport: memory() });
    const loader = app.get(LazyModuleLoader);
    await loader.load(() => moduleOf(Audit));
    const publisher = app.get('EventBusPublisher:audit') as {
      publish(channel: string, payload: unknown): unknown;
    };
    await publisher.publish('orders:1', 1);
    expect(await seen.count(1)).toEqual(['audit']);
  });
});
