import { EMPTY, NEVER, Subject, of, throwError } from 'rxjs';
import { describe, expect, it } from '@jest/globals';
import { settled } from '../../../../test/support/eventually.js';
import { pendingIn, pendingPromiseIn, restOf } from './settle.js';

class OddPromise<T> extends Promise<T> {}

/** What a method may return instead of a promise, a query builder for example. */
function withThen<T extends object>(target: T, then: (resolve: (value: unknown) => void) => void): T {
  // oxlint-disable-next-line unicorn/no-thenable -- it is the point
  return Object.assign(target, { then });
}

describe.each([
  ['pendingIn', pendingIn],
  ['pendingPromiseIn', pendingPromiseIn],
])('%s', (_name, pending) => {
  it('is the promise that a method returned itself: none is made for it', () => {
    const promise = Promise.resolve(1);
    expect(pending(promise)).toBe(promise);
  });

  it.each([undefined, null, 0, 'text', {}, () => undefined])('is nothing for %p', (result) => {
    expect(pending(result)).toBeUndefined();
  });

  it.each<[string, () => unknown]>([
    ['a promise of a subclass', () => OddPromise.resolve(1)],
    ['a promise with a then of its own', () => withThen(Promise.resolve(1), callBack)],
    ['a thenable', () => withThen({}, callBack)],
  ])('is a native promise for %s', async (_what, make) => {
    const found = pending(make());
    expect(found?.constructor).toBe(Promise);
    expect(Object.hasOwn(found ?? {}, 'then')).toBe(false);
    await found;
  });
});

function callBack(resolve: (value: unknown) => void): void {
  resolve(1);
  resolve(2);
}

describe('pendingIn', () => {
  it('waits for an Observable that a method returned', async () => {
    await expect(pendingIn(of(1, 2))).resolves.toBeUndefined();
    await expect(pendingIn(throwError(() => new Error('boom')))).rejects.toThrow('boom');
  });

  it('waits for the Observable that a thenable resolves with', async () => {
    const source = new Subject<number>();
    let isOver = false;
    void pendingIn(withThen({}, (resolve) => resolve(source)))?.then(() => (isOver = true));
    await settled();
    expect(isOver).toBe(false);
    source.complete();
    await settled();
    expect(isOver).toBe(true);
  });
});

describe('restOf', () => {
  it('is what an Observable still does', async () => {
    await expect(restOf(of(1))).resolves.toBeUndefined();
    await expect(restOf(EMPTY)).resolves.toBeUndefined();
    await expect(restOf(throwError(() => new Error('boom')))).rejects.toThrow('boom');
    expect(restOf(NEVER)).toBeInstanceOf(Promise);
  });

  it.each([undefined, null, 1, {}])('is nothing for %p', (value) => {
    expect(restOf(value)).toBeUndefined();
  });
});
