import { jest } from '@jest/globals';
import { HeldHandler, eventOf } from '../../../../test/support/dispatch.journal.js';
import { settled } from '../../../../test/support/eventually.js';
import { HookScene } from '../../../../test/support/hook.scene.js';
import type { EventHandler } from '../dispatching/event.handler.js';
import { readTarget } from '../contracts/contract.target.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import type { AroundHandle, EventBusObserver } from './event-bus.observer.js';
import { HandleHooks } from './handle.hooks.js';
import { untyped } from '../../../../test/support/untyped.js';

type Invoke = EventHandler['invoke'];

const boom = () => {
  throw new Error('boom');
};

describe('HandleHooks', () => {
  let scene: HookScene;
  let hooks: HandleHooks;

  beforeEach(() => {
    scene = new HookScene();
    hooks = new HandleHooks('default', scene.registry, scene.watch);
  });
  afterEach(() => scene.close());

  /** What comes of one call of a handler with this hook around it. */
  async function outcomeOf(hook: AroundHandle, invoke: Invoke): Promise<unknown> {
    scene.registry.add({ aroundHandle: () => hook });
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
      const ofCall = outcome === undefined ? reported : reported.slice(0, scene.failures.length);
      expect(scene.failures).toEqual(ofCall);
    });
  });

  it('costs a call that is done at once no promise', () => {
    scene.registry.add({ aroundHandle: () => async (_event, next) => next() });
    const { invoke } = hooks.around({ name: 'Orders.bill', targets: [], invoke: () => undefined });
    expect(invoke(eventOf('orders', 1))).toBeUndefined();
  });

  it('leaves a handler alone that nobody wraps', () => {
    const handler: EventHandler = { name: 'Orders.bill', targets: [], invoke: () => undefined };
    scene.registry.add({ aroundHandle: () => undefined });
    scene.registry.add({ handled: () => undefined });
    expect(hooks.around(handler)).toBe(handler);
  });

  it.each<[string, EventBusObserver['aroundHandle'], string]>([
    ['throws', boom, 'boom'],
    ['returns no function', untyped(() => 'odd'), 'It must return a function, or undefined.'],
    ['is asynchronous', untyped(async () => boom()), 'It must return a function, or undefined.'],
  ])('leaves a handler alone about which an observer %s', async (_what, aroundHandle, failure) => {
    const handler: EventHandler = { name: 'Orders.bill', targets: [], invoke: () => undefined };
    scene.registry.add({ aroundHandle } as EventBusObserver);
    expect(hooks.around(handler)).toBe(handler);
    await settled();
    expect(scene.failures).toEqual([`Object.aroundHandle ${failure}`]);
  });

  it('asks an observer once about each handler, with its targets', () => {
    const asked = jest.fn<NonNullable<EventBusObserver['aroundHandle']>>();
    scene.registry.add({ aroundHandle: asked });
    const targets = ['orders', 'bills:*'].map((target) => readTarget(target, new ChannelPrefix('')));
    const handler: EventHandler = { name: 'Orders.bill', targets, invoke: () => undefined };
    for (const _ of [1, 2]) hooks.around(handler);
    expect(asked.mock.calls).toEqual([
      [{ bus: 'default', name: 'Orders.bill', targets: ['orders', 'bills:*'] }],
    ]);
  });

  it('puts the first observer outermost', async () => {
    const order: string[] = [];
    for (const name of ['first', 'second']) {
      scene.registry.add({
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
    scene.registry.add({
      aroundHandle: () => async (_event, next) => (await next(), new Promise(() => undefined)),
    });
    const done = hooks.around(held).invoke(eventOf('orders', '1'));
    await settled();
    expect([scene.lookLater(), scene.stuck]).toEqual([false, []]);
    held.end('1');
    await done;
    await settled();
    expect([scene.watch.look(performance.now()), scene.stuck]).toEqual([true, []]);
    expect([scene.lookLater(), scene.stuck]).toEqual([false, ['Object.aroundHandle orders']]);
  });

  it('reports a hook that never calls next, and leaves its call to it', async () => {
    const calls = jest.fn();
    scene.registry.add({ aroundHandle: () => () => new Promise(() => undefined) });
    void hooks
      .around({ name: 'Orders.bill', targets: [], invoke: calls as Invoke })
      .invoke(eventOf('orders', 1));
    scene.lookLater();
    expect([scene.stuck, calls.mock.calls]).toEqual([['Object.aroundHandle orders'], []]);
  });
});
