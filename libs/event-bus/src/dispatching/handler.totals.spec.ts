import { jest } from '@jest/globals';
import { DispatchJournal, HeldHandler, eventOf } from '../../../../test/support/dispatch.journal.js';
import { settled } from '../../../../test/support/eventually.js';
import type { HandlerWork } from './event.dispatcher.js';
import { EventDispatcher } from './event.dispatcher.js';
import type { HandlerOptions } from './handler.options.js';

describe('HandlerTotals', () => {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
  afterEach(() => jest.useRealTimers());

  const journal = new DispatchJournal();

  /** The work of a handler that got two events, of which the first failed after 10 ms. Each later call took 10 ms, too. */
  async function workOf(options: HandlerOptions, isMeasured: boolean): Promise<HandlerWork | undefined> {
    journal.interest.timesCalls = isMeasured;
    const held = new HeldHandler(options);
    const dispatcher = new EventDispatcher(journal.services());
    dispatcher.add(held);
    // A clock that stands at 0 cannot tell a call that began then from one that is not measured.
    jest.advanceTimersByTime(1);
    for (const payload of ['1', '2']) dispatcher.queueOf(held)?.push(eventOf('a', payload));
    await settled();
    for (let calls = 1; held.running > 0; calls += 1) {
      jest.advanceTimersByTime(10);
      if (calls === 1) held.fail('1', 'boom');
      else held.end(held.started.at(-1) as string);
      await settled();
      jest.advanceTimersByTime(1);
      await settled();
    }
    return dispatcher.snapshot().get(held);
  }

  it('counts how the calls of a handler ended', async () => {
    expect(await workOf({}, false)).toMatchObject({ handled: 1, failed: 1, repeated: 0 });
    const retry = { attempts: 2, delayMs: 1, factor: 1 };
    expect(await workOf({ retry }, false)).toMatchObject({ handled: 2, failed: 0, repeated: 1 });
  });

  it('adds up the durations of calls that are measured, and of no others', async () => {
    expect(await workOf({}, false)).not.toHaveProperty('durations');
    expect(await workOf({}, true)).toMatchObject({
      durations: { calls: 2, tookMs: 21, slowestMs: 11, waitedMs: 10 },
    });
  });
});
