import { Controller, Injectable, Scope } from '@nestjs/common';
import type { Gap } from 'nestjs-redis-event-bus';
import { EventContext, OnEvent, OnGap, cloudEvents, memory, redis } from 'nestjs-redis-event-bus';
import { eventually, settled } from '../support/eventually.js';
import { freePort } from '../support/free.port.js';
import { Inbox } from '../support/inbox.js';
import { RedisServer } from '../support/redis.server.js';
import { TcpProxy } from '../support/tcp.proxy.js';
import type { BusOptions } from '../support/started.apps.js';
import { startedApps } from '../support/started.apps.js';
import { untyped } from '../support/untyped.js';

let server: RedisServer;
const closers: (() => unknown)[] = [];
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const { start, problemsOf } = startedApps();
const bus = (options: Partial<BusOptions> = {}): BusOptions => ({
  transport: redis({ url: server.url }),
  ...options,
});

/** Everything that loses a subscriber its connection, the rest left alone. */
const killSubscribers = () => server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');

/** Makes a gap without a fault: one event is handled, and all but the last of the rest are dropped. */
@Injectable()
class Overloaded {
  private release: (() => void) | undefined;

  @OnEvent('load', { buffer: { events: 1 } })
  handle(payload: number) {
    return payload > 0 ? undefined : new Promise<void>((resolve) => (this.release = resolve));
  }

  end() {
    this.release?.();
  }
}
const overload = [0, 1, 2].map((payload) => ({ channel: 'load', payload }));

describe('@OnGap', () => {
  it('calls methods of providers and controllers once when a lost connection is back', async () => {
    const calls = new Inbox<{ readonly by: string; readonly gap: Gap }>();
    class Base {
      @OnGap()
      reconcile(gap: Gap) {
        calls.push({ by: this.constructor.name, gap });
      }
    }
    @Injectable()
    class Orders extends Base {
      @OnEvent(['orders:*', 'paid', 'orders:<id>:shipped'])
      handle() {
        return undefined;
      }
    }
    @Controller()
    class News extends Base {}
    const app = await start({ providers: [Orders, News], controllers: [News] }, bus({ prefix: 'app:' }));
    await killSubscribers();
    const seen = await calls.count(2);
    expect(seen.map(({ by }) => by).toSorted()).toEqual(['News', 'Orders']);
    const [gap] = app.gaps.items;
    expect(seen.map((call) => call.gap)).toEqual([gap, gap]);
    expect(gap).toMatchObject({ reason: 'connection-lost', missed: undefined });
    expect(gap?.targets.toSorted()).toEqual(['orders:*', 'orders:<id>:shipped', 'paid']);
    expect(gap?.fromMs).toBeLessThanOrEqual(gap?.toMs ?? 0);
    expect(app.gaps.items).toHaveLength(1);

    // A second one: nothing of the first was late.
    await killSubscribers();
    expect(await calls.count(4)).toHaveLength(4);
    expect(app.counters.gaps).toBe(2);
  });

  it('says how many events are missing, as their publishers number them', async () => {
    const proxy = await TcpProxy.start({ targetPort: server.port });
    closers.push(() => proxy.stop());
    const codec = cloudEvents({ source: '/orders' });
    const [gaps, orders] = [new Inbox<Gap>(), new Inbox<string>()];
    @Injectable()
    class Reconciler {
      @OnEvent('orders:*')
      handle(order: string) {
        orders.push(order);
      }

      @OnGap()
      reconcile(gap: Gap) {
        gaps.push(gap);
      }
    }
    const transport = redis({ url: `redis://127.0.0.1:${proxy.port}` });
    await start({ providers: [Reconciler] }, { transport, codec });
    const { publisher } = await start({}, bus({ codec }));
    for (const channel of ['orders:a', 'orders:b']) await publisher.publish(channel, 'first');
    await orders.count(2);
    await proxy.refuse();
    proxy.cut();
    let lost = 0;
    for (const channel of ['orders:a', 'orders:a', 'orders:a', 'orders:b']) {
      expect(await publisher.publish(channel, 'lost')).toBe(0);
      lost += 1;
    }
    await proxy.accept();
    while ((await publisher.publish('orders:a', 'heard')) === 0) lost += 1;
    await publisher.publish('orders:b', 'last');
    await orders.upTo((order) => order === 'last');
    const [gap] = await gaps.count(1);
    expect(gap).toMatchObject({ reason: 'connection-lost', targets: ['orders:*'] });
    // What shows too late for it is a gap of its own.
    await eventually(() =>
      expect(gaps.items.reduce((total, { missed }) => total + (missed ?? 0), 0)).toBe(lost),
    );
  });

  it('belongs to the bus it names, or to several', async () => {
    const calls = new Inbox<string>();
    @Injectable()
    class Reconciler {
      @OnGap({ bus: 'audit' })
      ofAudit({ targets }: Gap) {
        calls.push(`audit ${targets.join()}`);
      }

      @OnGap()
      ofDefault({ targets }: Gap) {
        calls.push(`default ${targets.join()}`);
      }

      @OnGap()
      @OnGap({ bus: 'audit' })
      ofBoth({ targets }: Gap) {
        calls.push(`both ${targets.join()}`);
      }

      @OnEvent('here')
      @OnEvent('there', { bus: 'audit' })
      handle() {
        return undefined;
      }
    }
    await start({ providers: [Reconciler] }, bus(), bus({ name: 'audit' }));
    await killSubscribers();
    expect((await calls.count(4)).toSorted()).toEqual([
      'audit there',
      'both here',
      'both there',
      'default here',
    ]);
  });

  it('is refused at boot where nobody could call it, with everything that is wrong at once', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      @OnGap()
      reconcile() {
        return undefined;
      }
    }
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient {
      @OnGap()
      reconcile() {
        return undefined;
      }
    }
    @Injectable()
    class NeedsScoped {
      constructor(readonly scoped: Scoped) {}

      @OnGap(untyped({ bus: 'nowhere', buss: 'x' }))
      reconcile() {
        return undefined;
      }
    }
    expect(
      await problemsOf({ providers: [Scoped, Transient, NeedsScoped] }, { transport: memory() }),
    ).toEqual(
      [
        [
          'Scoped',
          'its class is request-scoped or transient, but a gap has no request. Make it a singleton.',
        ],
        [
          'Transient',
          'its class is request-scoped or transient, but a gap has no request. Make it a singleton.',
        ],
        [
          'NeedsScoped',
          'there is no bus "nowhere". Import EventBusModule.forRoot({ name: "nowhere" }), or use one of: default.',
        ],
        ['NeedsScoped', 'buss is not an option. Known options: bus.'],
        [
          'NeedsScoped',
          'its class is request-scoped or transient, but a gap has no request. Make it a singleton.',
        ],
      ].map(([name, problem]) => `@OnGap on ${name}.reconcile: ${problem}`),
    );
  });

  it('is refused on what is no instance method with a name', () => {
    const decorate = (prototype: object, key: string | symbol, value: unknown) => () =>
      OnGap()(prototype, key, { value });
    const method = () => undefined;
    expect(decorate(class {}, 'reconcile', method)).toThrow('only instance methods with a string name');
    expect(decorate({}, Symbol('reconcile'), method)).toThrow('only instance methods with a string name');
    expect(decorate({}, 'reconcile', 7)).toThrow('only instance methods with a string name');
  });

  it('logs a method that fails once a minute, and calls it for the next gap', async () => {
    const calls = new Inbox<string>();
    @Injectable()
    class Reconciler {
      @OnGap()
      sync() {
        calls.push('sync');
        throw new TypeError('no store');
      }

      @OnGap()
      async async() {
        calls.push('async');
        throw new TypeError('no store');
      }

      @OnEvent('orders')
      handle() {
        return undefined;
      }
    }
    const app = await start({ providers: [Reconciler] }, bus());
    await killSubscribers();
    await calls.count(2);
    await killSubscribers();
    await calls.count(4);
    await eventually(() => expect(app.counters.failed).toBe(4));
    expect(app.lines('error').toSorted()).toEqual(
      ['async', 'sync'].map(
        (method) =>
          `An @OnGap method failed, events may still be missing (handler=Reconciler.${method} error="TypeError: no store")`,
      ),
    );
  });

  it('tells that the application ran without its subscriptions for a while', async () => {
    const gaps = new Inbox<Gap>();
    @Injectable()
    class Reconciler {
      @OnEvent(['orders', 'paid:*'])
      handle() {
        return undefined;
      }

      @OnGap()
      reconcile(gap: Gap) {
        gaps.push(gap);
      }
    }
    const port = await freePort();
    const app = await start(
      { providers: [Reconciler] },
      {
        transport: redis({ url: `redis://127.0.0.1:${port}` }),
        startup: { timeoutMs: 50, onFailure: 'retry' },
      },
    );
    expect(gaps.items).toEqual([]);
    const late = await RedisServer.start({ port });
    closers.push(() => late.stop());
    await app.status.whenReady();
    const [gap] = await gaps.count(1);
    expect(gap).toMatchObject({ reason: 'started-late', targets: ['orders', 'paid:*'], missed: undefined });
  });

  describe('at shutdown', () => {
    /**
     * Resolves when an application that waits for nothing would have closed by now, with one that has: Nest's logger is one
     * for the process, so it hears what others log from now on.
     */
    const wouldHaveClosed = async () => {
      const other = await start({ providers: [Overloaded] }, bus());
      await other.app.close();
      return other;
    };

    /** A method that runs until the test says so. */
    function slowMethod() {
      const calls = new Inbox<Gap>();
      let end = () => undefined as void;
      const ended = new Promise<void>((resolve) => (end = resolve));
      @Injectable()
      class Reconciler {
        @OnGap()
        async reconcile(gap: Gap) {
          calls.push(gap);
          await ended;
        }
      }
      return { calls, end: () => end(), Reconciler };
    }

    it('is waited for', async () => {
      const { calls, end, Reconciler } = slowMethod();
      const app = await start({ providers: [Reconciler, Overloaded] }, bus());
      await killSubscribers();
      await calls.count(1);
      let isClosed = false;
      const closing = app.app.close().then(() => (isClosed = true));
      await eventually(async () => expect(await server.cli('PUBSUB', 'NUMSUB', 'load')).toEqual(['load', 0]));
      const other = await wouldHaveClosed();
      expect(isClosed).toBe(false);
      end();
      await closing;
      expect(other.lines('warn')).toEqual([]);
    });

    it('is called, and waited for, for what a handler lost that catches up in the end', async () => {
      const { calls, end, Reconciler } = slowMethod();
      const app = await start({ providers: [Reconciler, Overloaded] }, bus());
      await app.publisher.publishMany(overload);
      await eventually(() => expect(app.handler('Overloaded.handle').dropped).toBe(1));
      let isClosed = false;
      const closing = app.app.close().then(() => (isClosed = true));
      await eventually(async () => expect(await server.cli('PUBSUB', 'NUMSUB', 'load')).toEqual(['load', 0]));
      app.app.get(Overloaded).end();
      expect(await calls.count(1)).toMatchObject([{ reason: 'buffer-overflow', missed: 1 }]);
      await wouldHaveClosed();
      expect(isClosed).toBe(false);
      end();
      await closing;
    });

    it('is named when it does not end in time, and nothing is called any more', async () => {
      const { calls, end, Reconciler } = slowMethod();
      const app = await start(
        { providers: [Reconciler, Overloaded] },
        bus({ shutdown: { drainTimeoutMs: 50 } }),
      );
      await killSubscribers();
      await calls.count(1);
      await killSubscribers();
      await app.gaps.count(2);
      await app.publisher.publishMany(overload);
      await eventually(() => expect(app.handler('Overloaded.handle').dropped).toBe(1));
      await app.app.close();
      expect(app.lines('warn').at(-1)).toBe(
        'Shutdown did not wait for all handlers (drainTimeoutMs=50 unfinished="Overloaded.handle: 1 running, 1 waiting; Reconciler.reconcile: 1 running, 0 waiting")',
      );
      app.app.get(Overloaded).end();
      end();
      await eventually(() => expect(app.handler('Overloaded.handle').running).toBe(0));
      await settled();
      expect(calls.items).toHaveLength(1);
    });
  });

  it('leaves the events of an interrupted handler alone: they come as before', async () => {
    const seen = new Inbox<string>();
    @Injectable()
    class Orders {
      @OnEvent('orders:*')
      handle(_payload: unknown, event: EventContext) {
        seen.push(event.channel);
      }

      @OnGap()
      reconcile() {
        seen.push('gap');
      }
    }
    const app = await start({ providers: [Orders] }, bus());
    await app.publisher.publish('orders:1', 1);
    await seen.count(1);
    await killSubscribers();
    await seen.upTo((item) => item === 'gap');
    await app.publisher.publish('orders:2', 1);
    expect(await seen.count(3)).toEqual(['orders:1', 'gap', 'orders:2']);
  });
});
