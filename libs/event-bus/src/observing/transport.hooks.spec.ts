import { AsyncLocalStorage } from 'node:async_hooks';
import { settled } from '../../../../test/support/eventually.js';
import { HookScene } from '../../../../test/support/hook.scene.js';
import { cloudEvents } from '../message/cloud-events.codec.js';
import { json } from '../message/json.codec.js';
import type { EventTransport } from '../transports/event.transport.js';
import type { AroundTransport, ObservedTransport } from './event-bus.observer.js';
import { TransportHooks } from './transport.hooks.js';

const boom = () => {
  throw new Error('boom');
};

/** Notes its calls, and answers with the store that they were made in. */
class NotingTransport {
  readonly name = 'noting';
  readonly address = 'here:1';
  readonly capabilities = { shard: true };
  readonly calls: string[] = [];
  readonly keyspace = { read: () => this.note('read') };
  readonly claim = undefined;
  readonly #state = { status: 'ready' };

  constructor(private readonly store: AsyncLocalStorage<string>) {}

  get state() {
    return this.#state;
  }

  connect() {
    return this.note('connect');
  }

  async close() {
    throw new Error('still open');
  }

  publish(): never {
    throw new Error('no link');
  }

  private note(call: string): string {
    this.calls.push(call);
    return `${call} in ${this.store.getStore() ?? 'none'}`;
  }
}

type Called = NotingTransport & EventTransport;

describe('TransportHooks', () => {
  const store = new AsyncLocalStorage<string>();
  let scene: HookScene;
  let hooks: TransportHooks;
  let transport: Called;

  beforeEach(() => {
    scene = new HookScene();
    hooks = new TransportHooks('default', scene.registry);
    // The calls that the hooks surround, of a transport that the spec can look at.
    transport = Object.freeze(new NotingTransport(store)) as unknown as Called;
  });
  afterEach(() => scene.close());

  const around = (hook: AroundTransport | undefined) => scene.registry.add({ aroundTransport: () => hook });
  const hooked = () => hooks.around(transport, json()) as Called;

  it('leave the transport as it is without observers that wrap it', () => {
    around(undefined);
    scene.registry.add({ published: () => undefined });
    expect(hooked()).toBe(transport);
  });

  it('tell observers once what the transport and the codec are', () => {
    const told: ObservedTransport[] = [];
    scene.registry.add({ aroundTransport: (about) => void told.push(about) });
    hooks.around(transport, json());
    hooks.around(transport, cloudEvents({ source: '/orders' }));
    const about = { bus: 'default', transport: 'noting', address: 'here:1' };
    expect(told).toEqual([
      { ...about, codec: 'json', carriesMetadata: false },
      { ...about, codec: 'cloud-events', carriesMetadata: true },
    ]);
  });

  it('make each call in the context of the hook, the first observer outermost', () => {
    const order: string[] = [];
    around((next) => {
      order.push('first');
      store.run('first', next);
    });
    around((next) => {
      order.push(`second in ${store.getStore()}`);
      store.run('second', next);
    });
    const called = hooked();
    expect(order).toEqual([]);
    expect(called.connect()).toBe('connect in second');
    expect(called.keyspace.read()).toBe('read in second');
    expect(order).toEqual(['first', 'second in first', 'first', 'second in first']);
    expect(store.getStore()).toBeUndefined();
  });

  it('keep the members that are no methods, the absent ones among them', () => {
    around((next) => next());
    const { name, capabilities, state, claim, inspect } = hooked();
    expect({ name, capabilities, state, claim, inspect }).toEqual({
      name: 'noting',
      capabilities: { shard: true },
      state: { status: 'ready' },
      claim: undefined,
      inspect: undefined,
    });
    expect('keyspace' in hooked()).toBe(true);
  });

  it('pass on what the transport throws and rejects with, and tell no hook of it', async () => {
    const seen: unknown[] = [];
    around((next) => {
      try {
        next();
      } catch (error) {
        seen.push(error);
      }
    });
    const called = hooked();
    expect(() => called.publish([], () => undefined)).toThrow('no link');
    await expect(called.close()).rejects.toThrow('still open');
    expect(seen).toEqual([]);
  });

  it.each<[string, AroundTransport, readonly string[]]>([
    ['does not call next', () => undefined, []],
    ['calls next twice', (next) => (next(), next()), []],
    ['throws before next', boom, ['Object.aroundTransport boom']],
    ['throws after next', (next) => (next(), boom()), ['Object.aroundTransport boom']],
    ['is async', async (next) => next(), []],
    ['rejects', async () => boom(), ['Object.aroundTransport boom']],
  ])('make the call exactly once where a hook %s', async (_, hook, failures) => {
    around(hook);
    expect(hooked().connect()).toMatch(/^connect/);
    await settled();
    expect(transport.calls).toEqual(['connect']);
    expect(scene.failures).toEqual(failures);
  });

  it('report an observer that throws or returns no function when it is asked, and do without it', async () => {
    scene.registry.add({ aroundTransport: boom });
    // An async hook, which the types do not allow.
    scene.registry.add({ aroundTransport: () => Promise.reject(new Error('late')) as unknown as undefined });
    expect(hooked()).toBe(transport);
    await settled();
    expect(scene.failures).toEqual([
      'Object.aroundTransport boom',
      'Object.aroundTransport It must return a function, or undefined.',
    ]);
  });
});
