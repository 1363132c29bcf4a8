import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallHandler, CanActivate, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { UseGuards, UseInterceptors } from '@nestjs/common';
import type { EventContext, TransportFactory } from 'nestjs-redis-event-bus';
import { OnEvent, OnGap, memory, redis } from 'nestjs-redis-event-bus';
import type { Observable } from 'rxjs';
import { Observable as RxObservable } from 'rxjs';
import { EventBusRuntime } from '../../libs/event-bus/src/module/event-bus.runtime.js';
import { eventually } from '../support/eventually.js';
import { promptBroker } from '../support/prompt.broker.js';
import { RedisServer } from '../support/redis.server.js';
import { startedApps } from '../support/started.apps.js';

const { start } = startedApps();
const storage = new AsyncLocalStorage<string>();
const EVENTS = 5;

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(async () => {
  storage.disable();
  await server.stop();
});

/** Looks at the store and enters another one, as a guard does that begins a request. */
function enter(next: string): string | undefined {
  const before = storage.getStore();
  storage.enterWith(next);
  return before;
}

const payloadOf = (context: ExecutionContext) => context.switchToRpc().getData<number>();
const started = <T>(begin: () => Promise<T>) => storage.run('started', begin);
const expected = (prefix: string) => Array.from({ length: EVENTS }, (_, n) => `${prefix} ${n}`);

const transports: readonly (readonly [string, () => TransportFactory])[] = [
  ['memory()', () => memory()],
  ['a transport that delivers within publish()', () => memory({ broker: promptBroker({ inOrder: true }) })],
  ['redis()', () => redis({ url: server.url })],
];

describe.each(transports)('On %s', (_name, transport) => {
  it.each<[string, object]>([
    ['one after the other', {}],
    ['beside each other', { orderBy: 'none' }],
    ['with retry', { orderBy: 'none', retry: { attempts: 2, delayMs: 0 } }],
  ])('each call begins in a context of its own, %s', async (_how, options) => {
    const atEntry: (string | undefined)[] = [];
    const inHandler: (string | undefined)[] = [];
    const beside: (string | undefined)[] = [];
    const guard: CanActivate = {
      canActivate: (context) => {
        atEntry.push(enter(`guard ${payloadOf(context)}`));
        return true;
      },
    };
    class Handlers {
      @OnEvent('a', options)
      @UseGuards(guard)
      async guarded(): Promise<void> {
        await new Promise((resolve) => setImmediate(resolve));
        inHandler.push(storage.getStore());
      }

      @OnEvent('a', options)
      plain(n: number): void {
        beside.push(enter(`plain ${n}`));
      }
    }
    const app = await started(() => start({ providers: [Handlers] }, { transport: transport() }));
    const published = storage.run('publisher', () =>
      Promise.all(Array.from({ length: EVENTS }, (_, n) => app.publisher.publish('a', n))),
    );
    await published;
    await eventually(() => expect(inHandler).toHaveLength(EVENTS));
    expect(inHandler).toEqual(expected('guard'));
    expect(atEntry).toEqual(expected('').map(() => 'started'));
    expect(beside).toEqual(expected('').map(() => 'started'));
  });

  it('a call that fails leaves nothing to the next attempt', async () => {
    const seen: (string | undefined)[] = [];
    class Handlers {
      @OnEvent('a', { retry: { attempts: 3, delayMs: 0 } })
      handle(): void {
        seen.push(enter('left behind'));
        throw new Error('again');
      }
    }
    const app = await started(() => start({ providers: [Handlers] }, { transport: transport() }));
    await app.publisher.publish('a', 1);
    await eventually(() => expect(seen).toEqual(['started', 'started', 'started']));
  });

  it('an interceptor opens a store for its handler, and for nobody else', async () => {
    const seen: (string | undefined)[] = [];
    const interceptor: NestInterceptor = {
      intercept: (context: ExecutionContext, next: CallHandler): Observable<unknown> =>
        new RxObservable((subscriber) => {
          seen.push(storage.getStore());
          return storage.run(`interceptor ${payloadOf(context)}`, () => next.handle()).subscribe(subscriber);
        }),
    };
    class Handlers {
      @OnEvent('a')
      @UseInterceptors(interceptor)
      handle(): void {
        seen.push(storage.getStore());
      }
    }
    const app = await started(() => start({ providers: [Handlers] }, { transport: transport() }));
    await Promise.all([0, 1].map((n) => app.publisher.publish('a', n)));
    await eventually(() => expect(seen).toEqual(['started', 'interceptor 0', 'started', 'interceptor 1']));
  });

  it('listeners, gap handlers and observers of the status begin likewise', async () => {
    const seen: Record<'listener' | 'gaps' | 'states', (string | undefined)[]> = {
      listener: [],
      gaps: [],
      states: [],
    };
    class Reconciler {
      @OnGap()
      reconcile(): void {
        seen.gaps.push(enter('gap'));
      }
    }
    const app = await started(() => start({ providers: [Reconciler] }, { transport: transport() }));
    await storage.run('subscriber', async () => {
      await app.subscriber.subscribe('a', (_payload: unknown, _event: EventContext) => {
        seen.listener.push(enter('listener'));
      });
      const observe = () => {
        // The current state is told within subscribe(), and is the subscriber's own business.
        const told: (string | undefined)[] = [];
        app.status.changes.subscribe(() => told.push(enter('observer')));
        return told;
      };
      const observers = [storage.run('subscriber', observe), storage.run('subscriber', observe)];
      await Promise.all([1, 2].map((n) => app.publisher.publish('a', n)));
      const runtime = app.app.get(EventBusRuntime, { strict: false });
      for (const missed of [1, 2]) {
        runtime.gaps.report({ reason: 'connection-lost', targets: ['a'], fromMs: 1, toMs: 2, missed });
        await runtime.gapHandlers.whenIdle();
      }
      await eventually(() => expect(seen.listener).toHaveLength(2));
      await app.app.close();
      seen.states.push(...observers.flatMap((told) => told.slice(1)));
    });
    expect(seen).toEqual({
      listener: ['started', 'started'],
      gaps: ['started', 'started'],
      states: ['started', 'started'],
    });
  });
});
