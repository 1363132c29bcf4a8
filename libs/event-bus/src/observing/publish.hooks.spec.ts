import { AsyncLocalStorage } from 'node:async_hooks';
import { jest } from '@jest/globals';
import { settled } from '../../../../test/support/eventually.js';
import { HookScene } from '../../../../test/support/hook.scene.js';
import type { EventHeaders } from '../message/event.codec.js';
import type { PublishOutcome } from '../transports/event.transport.js';
import { untyped } from '../../../../test/support/untyped.js';
import type { EventBusObserver } from './event-bus.observer.js';
import { PublishHooks } from './publish.hooks.js';

type Hook = NonNullable<EventBusObserver['aroundPublish']>;

/** It belongs to the hooks, so that each event has its own. */
const event = () => ({ bus: 'default', channel: 'orders', carriesMetadata: true, batchSize: 1 });
const boom = () => {
  throw new Error('boom');
};

describe('PublishHooks', () => {
  let scene: HookScene;
  let hooks: PublishHooks;
  const prepare = jest.fn((added?: EventHeaders) => added ?? 'prepared');

  beforeEach(() => {
    prepare.mockClear();
    scene = new HookScene();
    hooks = new PublishHooks('default', scene.registry, scene.watch);
  });
  afterEach(() => scene.close());

  const around = (hook: Hook) => scene.registry.add({ aroundPublish: hook });

  it('is empty without observers that have the hook', () => {
    const remove = around(() => undefined);
    scene.registry.add({ published: () => undefined });
    expect(hooks.isEmpty).toBe(false);
    remove();
    expect(hooks.isEmpty).toBe(true);
  });

  describe.each<[string, Hook, readonly string[]]>([
    ['calls next', (_publish, next) => void next(), []],
    ['awaits next', async (_publish, next) => next(), []],
    ['calls next twice', (_publish, next) => void Promise.allSettled([next(), next()]), []],
    ['calls next again when it is over', async (_publish, next) => void (await next(), await next()), []],
    ['takes no promise', (_publish, next) => next(undefined, () => undefined), []],
    [
      'takes the outcome and throws',
      (_publish, next) => next(undefined, boom),
      ['Object.aroundPublish boom'],
    ],
    [
      'takes the outcome and rejects',
      (_publish, next) =>
        next(
          undefined,
          untyped(async () => boom()),
        ),
      ['Object.aroundPublish boom'],
    ],
    ['returns without calling next', () => undefined, []],
    ['calls next too late', async (_publish, next) => (await settled(), next()), []],
    ['throws before it calls next', boom, ['Object.aroundPublish boom']],
    [
      'throws after it called next',
      (_publish, next) => {
        void next();
        boom();
      },
      ['Object.aroundPublish boom'],
    ],
    ['rejects before it calls next', () => Promise.reject(new Error('boom')), ['Object.aroundPublish boom']],
    [
      'rejects after it called next',
      async (_publish, next) => next().then(boom, boom),
      ['Object.aroundPublish boom'],
    ],
    ['never ends', (_publish, next) => next().then(() => new Promise(() => undefined)), []],
  ])('with a hook that %s', (_how, hook, reported) => {
    it.each<[string, PublishOutcome]>([
      ['an event that is accepted', { subscriptions: 2 }],
      ['an event that fails', { error: new Error('no') }],
    ])('prepares %s once, within the call', async (_what, outcome) => {
      around(hook);
      const hooked = hooks.prepare(event(), prepare);
      expect([hooked.prepared, prepare.mock.calls]).toEqual(['prepared', [[undefined]]]);
      hooked.settled(outcome);
      await settled();
      await settled();
      expect([prepare.mock.calls.length, scene.failures]).toEqual([1, reported]);
    });
  });

  it('tells a hook what is published, and what comes of it', async () => {
    const seen: unknown[] = [];
    around(async (publish, next) => {
      seen.push(publish, await next());
    });
    hooks.prepare(event(), prepare).settled({ subscriptions: 2 });
    await settled();
    around(async (_publish, next) => next().catch((error: Error) => seen.push(error.message)));
    hooks.prepare(event(), prepare).settled({ error: new Error('no') });
    await settled();
    expect([seen, scene.failures]).toEqual([[event(), 2, 'no'], []]);
  });

  it('tells a hook that takes no promise what comes of it, each time that it asks', async () => {
    const seen: unknown[] = [];
    let ask: () => void = () => undefined;
    around((_publish, next) => {
      ask = () => next(undefined, (outcome) => seen.push(outcome));
      ask();
      ask();
      void next().then((subscriptions) => seen.push(subscriptions));
    });
    hooks.prepare(event(), prepare).settled({ subscriptions: 2 });
    ask();
    await settled();
    expect(seen).toEqual([...Array<PublishOutcome>(3).fill({ subscriptions: 2 }), 2]);
  });

  it('runs in the context of the call', () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    around((_publish, next) => {
      seen.push(storage.getStore());
      void storage.run('hook', () => next());
    });
    storage.run('publisher', () => hooks.prepare(event(), () => seen.push(storage.getStore())));
    expect(seen).toEqual(['publisher', 'hook']);
  });

  it('adds the headers of all hooks, those of the inner ones before those of the outer ones', () => {
    around((_publish, next) => void next({ traceparent: 'outer', tenant: 'x' }));
    around((_publish, next) => void next({ traceparent: 'inner' }));
    expect(hooks.prepare(event(), prepare).prepared).toEqual({ traceparent: 'inner', tenant: 'x' });
  });

  it('leaves headers out that the codec does not carry', () => {
    around((_publish, next) => void next({ tenant: 'x' }));
    const { prepared } = hooks.prepare({ ...event(), carriesMetadata: false }, prepare);
    expect([prepared, scene.failures]).toEqual(['prepared', []]);
  });

  it.each<[string, unknown]>([
    ['no object', 'tenant'],
    ['no texts', { tenant: 7 }],
    [
      'unreadable',
      {
        get tenant() {
          return boom();
        },
      },
    ],
  ])('publishes without headers that are %s, and says so', (_what, headers) => {
    around((_publish, next) => void next(headers as EventHeaders));
    expect(hooks.prepare(event(), prepare).prepared).toBe('prepared');
    expect(scene.failures).toEqual([expect.stringMatching(/^Object\.aroundPublish (Headers must be|boom)/)]);
  });

  it('reports a hook that does not end once its event is out, and not before', async () => {
    around((_publish, next) => next().then(() => new Promise(() => undefined)));
    const hooked = hooks.prepare(event(), prepare);
    await settled();
    expect([scene.lookLater(), scene.stuck]).toEqual([false, []]);
    hooked.settled({ subscriptions: 1 });
    await settled();
    scene.lookLater();
    expect(scene.stuck).toEqual(['Object.aroundPublish orders']);
  });
});
