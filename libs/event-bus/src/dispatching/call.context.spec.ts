import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { CallContext } from './call.context.js';

const STICKS = '_propagate' in AsyncLocalStorage.prototype;

describe('CallContext', () => {
  const storage = new AsyncLocalStorage<string>();
  const enter = (next: string) => {
    const before = storage.getStore();
    storage.enterWith(next);
    return before;
  };
  afterAll(() => storage.disable());

  it('begins each call with the stores of the moment that was captured, whoever calls', () => {
    const context = storage.run('origin', () => new CallContext());
    const seen = ['a', 'b'].map((next) => storage.run('caller', () => context.run(enter, next, undefined)));
    expect(seen).toEqual(['origin', 'origin']);
  });

  it('leaves the caller the stores that it had', () => {
    const context = new CallContext();
    const after = storage.run('caller', () => {
      context.run(enter, 'entered', undefined);
      return storage.getStore();
    });
    expect(after).toBe('caller');
  });

  it('keeps what a call enters for what it starts itself, and for calls within it their own', async () => {
    const context = new CallContext();
    const later = (next: string) => {
      enter(next);
      return new Promise((resolve) => setImmediate(() => resolve(storage.getStore())));
    };
    const seen = await Promise.all(['a', 'b'].map((next) => context.run(later, next, undefined)));
    expect(seen).toEqual(['a', 'b']);
    const inner = context.run(
      () => [enter('outer'), context.run(enter, 'inner', undefined), storage.getStore()],
      undefined,
      undefined,
    );
    expect(inner).toEqual([undefined, undefined, 'outer']);
  });

  it('can be captured again', () => {
    const context = new CallContext();
    storage.run('second', () => context.capture());
    expect(context.run(enter, 'x', undefined)).toBe('second');
  });

  it('hands over both arguments, and throws what the call throws', () => {
    const context = new CallContext();
    expect(context.run((a: number, b: number) => a - b, 3, 1)).toBe(2);
    const broken = () => {
      throw new Error('boom');
    };
    expect(() => context.run(broken, undefined, undefined)).toThrow('boom');
  });

  (STICKS ? it : it.skip)('is needed where a bound function keeps what a call enters (control)', () => {
    const bound = AsyncResource.bind(enter);
    expect([bound('a'), bound('b')]).toEqual([undefined, 'a']);
  });
});
