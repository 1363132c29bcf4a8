import { jest } from '@jest/globals';
import { HeldHandler, eventOf } from '../../../../test/support/dispatch.journal.js';
import { settled } from '../../../../test/support/eventually.js';
import { StuckWatch } from '../dispatching/stuck.watch.js';
import type { EventHandler } from '../dispatching/event.handler.js';
import type { AroundHandle, EventBusObserver } from './event-bus.observer.js';
import { HandleHooks } from './handle.hooks.js';
import { HookWatch } from './hook.watch.js';
import { ObserverRegistry } from './observer.registry.js';
import { untyped } from '../../../../test/support/untyped.js';

type Invoke = EventHandler['invoke'];

const boom = () => {
  throw new Error('boom');
};

describe('HandleHooks', () => {
  let failures: string[];
  let stuck: string[];
  let watch: StuckWatch;
  let hookWatch: HookWatch;
  let registry: ObserverRegistry;
  let hooks: HandleHooks;

  beforeEach(() => {
    failures = [];
    stuck = [];
    watch = new StuckWatch();
    registry = new ObserverRegistry({
      observerFailed: (observer, method, error) => {
        failures.push(`${observer}.${method} ${(error as Error).message}`);
      },
    });
    hookWatch = new HookWatch(watch, 30_000, (hook, channel) => void stuck.push(`${hook} ${channel}`));
    hooks = new HandleHooks('default', registry, hookWatch);
  });
  afterEach(() => watch.close());
  const lookLater = () => hookWatch.look(performance.now() + 30_000);

  /** What comes of one call of a handler with this hook around it. */
  async function outcomeOf(hook: AroundHandle, invoke: Invoke): Promise<unknown> {
    registry.add({ aroundHandle: () => hook });
    const callee = hooks.around({ name: 'Orders.bill', targets: [], invoke });
    try {
      return await callee.invoke(eventOf('orders', 1));
    } catch (error) {
      return (error as Error).message;
    }
  }

  const WAYS: readonly [string, AroundHandle, failures: readonly string[]][] = [
    ['calls next', (_event, next) => next(), []],
    ['awaits next', async (_event, next) => await next(), []],
    ['calls next later', async (_event, next) => (await settled(), next()), []],
    [
      'calls next twice',
      (_event, next) => {
        const first = next();
        return next() ?? first;
      },
      [],
    ],
    ['calls next again when it is over', async (_event, next) => (await next(), next()), []],
    ['returns without calling next', () => undefined, []],
    ['resolves without calling next', async () => settled(), []],
    ['throws before it calls next', boom, ['Object.aroundHandle boom']],
    [
      'throws after it called next',
      (_event, next) => {
        void Promise.resolve(next()).catch(() => undefined);
        boom();
      },
      ['Object.aroundHandle boom'],
    ],
    ['rejects before it calls next', () => Promise.reject(new Error('boom')), ['Object.aroundHandle boom']],
    [
      'rejects after it called next',
      async (_event, next) => {
        await Promise.resolve(next()).catch(() => undefined);
        boom();
      },
      ['Object.aroundHandle boom'],
    ],
    [
      'hides what next throws and rejects with',
      async (_event, next) => {
        try {
          await next();
        } catch {
          // Hidden.
        }
      },
      [],
    ],
    ['never ends after it called next', (_event, next) => (void next(), new Promise(() => undefined)), []],
  ];

  describe.each(WAYS)('around a call, where a hook %s', (_how, hook, reported) => {
    it.each<[string, Invoke, unknown]>([
      ['returns', () => undefined, undefined],
      ['resolves', async () => settled(), undefined],
      [
        'throws',
        () => {
          throw new Error('no');
        },
        'no',
      ],
      ['rejects', async () => settled().then(() => Promise.reject(new Error('no'))), 'no'],
    ])('calls a handler once that %s, whose outcome stays', async (_what, invoke, outcome) => {
      const calls = jest.fn(invoke);
      expect(await outcomeOf(hook, calls)).toBe(outcome);
      await settled();
      expect(calls).toHaveBeenCalledTimes(1);
      // What a hook does not catch of the call is no failure of its own.
      const ofCall = outcome === undefined ? reported : reported.slice(0, failures.length);
      expect(failures).toEqual(ofCall);
    });
  });

  it('costs a call that is done at once no promise', () => {
    registry.add({ aroundHandle: () => async (_event, next) => next() });
    const { invoke } = hooks.around({ name: 'Orders.bill', targets: [], invoke: () => undefined });
    expect(invoke(eventOf('orders', 1))).toBeUndefined();
  });

  it('leaves a handler alone that nobody wraps', () => {
    const handler: EventHandler = { name: 'Orders.bill', targets: [], invoke: () => undefined };
    registry.add({ aroundHandle: () => undefined });
    registry.add({ handled: () => undefined });
    expect(hooks.around(handler)).toBe(handler);
  });

  it.each<[string, EventBusObserver['aroundHandle'], string]>([
    ['throws', boom, 'boom'],
    ['returns no function', untyped(() => 'odd'), 'It must return a function, or undefined.'],
    ['is asynchronous', untyped(async () => boom()), 'It must return a function, or undefined.'],
  ])('leaves a handler alone about which an observer %s', async (_what, aroundHandle, failure) => {
    const handler: EventHandler = { name: 'Orders.bill', targets: [], invoke: () => undefined };
    registry.add({ aroundHandle } as EventBusObserver);
    expect(hooks.around(handler)).toBe(handler);
    await settled();
    expect(failures).toEqual([`Object.aroundHandle ${failure}`]);
  });

  it('asks an observer once about each handler, with its targets', () => {
    const asked = jest.fn<NonNullable<EventBusObserver['aroundHandle']>>();
    registry.add({ aroundHandle: asked });
    const targets = [{ text: 'orders' }, { text: 'bills:*' }] as unknown as EventHandler['targets'];
    const handler: EventHandler = { name: 'Orders.bill', targets, invoke: () => undefined };
    for (const _ of [1, 2]) hooks.around(handler);
    expect(asked.mock.calls).toEqual([
      [{ bus: 'default', name: 'Orders.bill', targets: ['orders', 'bills:*'] }],
    ]);
  });

  it('puts the first observer outermost', async () => {
    const order: string[] = [];
    for (const name of ['first', 'second']) {
      registry.add({
        aroundHandle: () => async (_event, next) => {
          order.push(`${name} begins`);
          await next();
          order.push(`${name} ends`);
        },
      });
    }
    const invoke: Invoke = async () => void order.push('call');
    await hooks.around({ name: 'Orders.bill', targets: [], invoke }).invoke(eventOf('orders', 1));
    await settled();
    expect(order).toEqual(['first begins', 'second begins', 'call', 'second ends', 'first ends']);
  });

  it('reports a hook that does not end once its call has ended, and not before', async () => {
    const held = new HeldHandler();
    registry.add({
      aroundHandle: () => async (_event, next) => (await next(), new Promise(() => undefined)),
    });
    const done = hooks.around(held).invoke(eventOf('orders', '1'));
    await settled();
    expect([lookLater(), stuck]).toEqual([false, []]);
    held.end('1');
    await done;
    await settled();
    expect([hookWatch.look(performance.now()), stuck]).toEqual([true, []]);
    expect([lookLater(), stuck]).toEqual([false, ['Object.aroundHandle orders']]);
  });

  it('reports a hook that never calls next, and leaves its call to it', async () => {
    const calls = jest.fn();
    registry.add({ aroundHandle: () => () => new Promise(() => undefined) });
    void hooks
      .around({ name: 'Orders.bill', targets: [], invoke: calls as Invoke })
      .invoke(eventOf('orders', 1));
    lookLater();
    expect([stuck, calls.mock.calls]).toEqual([['Object.aroundHandle orders'], []]);
  });
});
