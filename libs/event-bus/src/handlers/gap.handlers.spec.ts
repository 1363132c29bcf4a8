import { jest } from '@jest/globals';
import { settled } from '../../../../test/support/eventually.js';
import type { Gap } from '../gaps/gap.js';
import { CallContext } from '../dispatching/call.context.js';
import { StuckWatch } from '../dispatching/stuck.watch.js';
import { GapHandlers } from './gap.handlers.js';

const gapOf = (target: string, missed: number): Gap => ({
  reason: 'events-missed',
  targets: [target],
  fromMs: 1,
  toMs: 2,
  missed,
});

/** A method whose calls end when the test says so. */
function heldMethod(name: string) {
  const gaps: Gap[] = [];
  const endings: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  const call = (gap: Gap) => {
    gaps.push(gap);
    return new Promise<void>((resolve, reject) => endings.push({ resolve, reject }));
  };
  const take = () => endings.shift() ?? { resolve: () => undefined, reject: () => undefined };
  return {
    handler: { name, call },
    gaps,
    end: () => take().resolve(),
    fail: (e: unknown) => take().reject(e),
  };
}

describe('GapHandlers', () => {
  let failures: string[];
  let stuck: string[];
  let handlers: GapHandlers;
  beforeEach(() => {
    failures = [];
    stuck = [];
    const reporter = {
      gapHandlerFailed: (name: string, error: unknown) => void failures.push(`${name}: ${String(error)}`),
      gapHandlerStuck: (name: string, forMs: number) => void stuck.push(`${name} for ${forMs} ms`),
    };
    handlers = new GapHandlers(reporter, new StuckWatch(), new CallContext(), 100);
  });

  it('warns once of a call that does not end, and of the next one again', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    try {
      const hung = heldMethod('hung');
      handlers.add([hung.handler]);
      handlers.handle(gapOf('a', 1));
      await settled();
      jest.advanceTimersByTime(99);
      expect(stuck).toEqual([]);
      jest.advanceTimersByTime(1_000);
      expect(stuck).toEqual(['hung for 100 ms']);
      handlers.handle(gapOf('b', 1));
      hung.end();
      await settled();
      jest.advanceTimersByTime(110);
      expect(stuck).toHaveLength(2);
      hung.end();
      await handlers.whenIdle();
      jest.advanceTimersByTime(1_000);
      expect(stuck).toHaveLength(2);
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  it('calls every method, each one at a time, and joins what shows meanwhile', async () => {
    const [slow, fast] = [heldMethod('slow'), heldMethod('fast')];
    handlers.add([slow.handler, fast.handler]);
    handlers.handle(gapOf('a', 1));
    await settled();
    fast.end();
    await settled();
    handlers.handle(gapOf('b', 2));
    await settled();
    handlers.handle(gapOf('c', 3));
    await settled();
    expect(slow.gaps).toEqual([gapOf('a', 1)]);
    expect(fast.gaps).toEqual([gapOf('a', 1), gapOf('b', 2)]);
    expect(handlers.running).toEqual(['slow', 'fast']);

    slow.end();
    fast.end();
    await settled();
    const joined = { ...gapOf('b', 5), targets: ['b', 'c'] };
    expect([slow.gaps[1], fast.gaps[2]]).toEqual([joined, gapOf('c', 3)]);
    slow.end();
    fast.end();
    await handlers.whenIdle();
    expect([slow.gaps.length, fast.gaps.length, handlers.running]).toEqual([2, 3, []]);
  });

  it('reports what a method throws or rejects with, and goes on', async () => {
    const method = heldMethod('slow');
    const thrower = {
      name: 'thrower',
      call: () => {
        throw new Error('sync');
      },
    };
    handlers.add([thrower, method.handler]);
    handlers.handle(gapOf('a', 1));
    await settled();
    handlers.handle(gapOf('b', 1));
    method.fail(new Error('async'));
    await settled();
    expect(failures.toSorted()).toEqual([
      'slow: Error: async',
      'thrower: Error: sync',
      'thrower: Error: sync',
    ]);
    expect(method.gaps).toHaveLength(2);
    method.end();
    await handlers.whenIdle();
  });

  it('is idle when nothing runs and nothing waits', async () => {
    const method = heldMethod('m');
    handlers.add([method.handler]);
    await handlers.whenIdle();
    handlers.handle(gapOf('a', 1));
    await settled();
    handlers.handle(gapOf('b', 1));
    let isIdle = false;
    const idle = handlers.whenIdle().then(() => (isIdle = true));
    method.end();
    await settled();
    expect([isIdle, handlers.running]).toEqual([false, ['m']]);
    method.end();
    await idle;
  });

  it('calls nothing any more once it is closed, also not what waited', async () => {
    const method = heldMethod('m');
    handlers.add([method.handler]);
    handlers.handle(gapOf('a', 1));
    await settled();
    handlers.handle(gapOf('b', 1));
    handlers.close();
    handlers.handle(gapOf('c', 1));
    method.end();
    await handlers.whenIdle();
    expect(method.gaps).toEqual([gapOf('a', 1)]);
  });

  it('calls a method again, and not within its call, for a gap that shows in the middle of it', async () => {
    const steps: string[] = [];
    const call = ({ targets }: Gap) => {
      steps.push(`begin ${String(targets)}`);
      if (steps.length === 1) handlers.handle(gapOf('b', 1));
      steps.push(`end ${String(targets)}`);
    };
    handlers.add([{ name: 'm', call }]);
    handlers.handle(gapOf('a', 1));
    expect(steps).toEqual([]);
    await handlers.whenIdle();
    expect(steps).toEqual(['begin a', 'end a', 'begin b', 'end b']);
  });
});
