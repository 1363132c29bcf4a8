import { jest } from '@jest/globals';
import type { Gap } from './gap.js';
import { joinGaps } from './gap.js';
import { GapReporter } from './gap.reporter.js';
import { SequenceTracker } from './sequence.tracker.js';

const NOW_MS = 50_000;
const LOST = { reason: 'connection-lost', targets: ['orders:*'], fromMs: 40_000, toMs: 49_000 } as const;

describe('GapReporter', () => {
  let gaps: Gap[];
  let reporter: GapReporter;
  const see = (channel: string, sequence: number, publisher = 'p') =>
    reporter.received(channel, { publisher, sequence }, Date.now());

  beforeEach(() => {
    jest.useFakeTimers({ now: NOW_MS });
    gaps = [];
    reporter = new GapReporter(new SequenceTracker(), (gap) => void gaps.push(gap));
  });
  afterEach(() => jest.useRealTimers());

  it('makes one gap of an interruption and the holes that show soon after it', () => {
    see('orders:a', 1);
    see('orders:b', 1);
    reporter.interrupted({ ...LOST, hint: 'why' });
    see('orders:a', 5);
    see('orders:b', 3);
    see('orders:b', 4);
    jest.advanceTimersByTime(249);
    expect(gaps).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(gaps).toEqual([{ ...LOST, hint: 'why', missed: 4 }]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('measures a hole by a clock that nobody sets', () => {
    see('orders:a', 1);
    jest.advanceTimersByTime(2_000);
    jest.setSystemTime(NOW_MS - 30_000);
    see('orders:a', 3);
    jest.advanceTimersByTime(250);
    expect(gaps).toEqual([
      {
        reason: 'events-missed',
        targets: ['orders:a'],
        fromMs: NOW_MS - 32_000,
        toMs: NOW_MS - 30_000,
        missed: 1,
      },
    ]);
  });

  it('says that nothing is missing as far as it shows, when the numbers go on', () => {
    see('orders:a', 1);
    reporter.interrupted(LOST);
    see('orders:a', 2);
    jest.advanceTimersByTime(250);
    expect(gaps).toEqual([{ ...LOST, missed: 0 }]);
  });

  it('counts to a lost connection what its first subscriptions showed before the last one was back', () => {
    see('orders:a', 1);
    see('orders:a', 4);
    reporter.interrupted(LOST);
    see('orders:b', 1);
    see('orders:b', 3);
    jest.advanceTimersByTime(250);
    expect(gaps).toEqual([{ ...LOST, missed: 3 }]);
  });

  it('does not say that nothing is missing after a denial: it may have come through another subscription', () => {
    const denied = { ...LOST, reason: 'subscription-denied' } as const;
    see('orders:a', 1);
    reporter.interrupted(denied);
    see('orders:a', 2);
    jest.advanceTimersByTime(250);
    reporter.interrupted(denied);
    see('orders:a', 5);
    jest.advanceTimersByTime(250);
    expect(gaps).toEqual([
      { ...denied, missed: undefined },
      { ...denied, missed: 2 },
    ]);
  });

  it('passes an interruption on at once where nobody numbers events, or nobody did so far', () => {
    reporter.interrupted(LOST);
    expect(gaps).toEqual([{ ...LOST, missed: undefined }]);
    const blind = new GapReporter(undefined, (gap) => void gaps.push(gap));
    blind.received('orders:a', { publisher: 'p', sequence: 1 }, NOW_MS);
    blind.interrupted(LOST);
    expect(gaps[1]).toEqual({ ...LOST, missed: undefined });
    expect([blind.unsequencedEvents, jest.getTimerCount()]).toEqual([0, 0]);
  });

  it('makes one gap of holes that show together, with the channels they are on', () => {
    see('a', 1);
    see('b', 1);
    jest.advanceTimersByTime(1_000);
    see('b', 2);
    jest.advanceTimersByTime(1_000);
    see('b', 5);
    jest.advanceTimersByTime(100);
    see('a', 3);
    see('a', 5);
    jest.advanceTimersByTime(150);
    expect(gaps).toEqual([
      {
        reason: 'events-missed',
        targets: ['b', 'a'],
        fromMs: NOW_MS,
        toMs: NOW_MS + 2_100,
        missed: 4,
      },
    ]);
  });

  it('makes a gap of its own of a hole that shows late', () => {
    see('a', 1);
    reporter.interrupted(LOST);
    jest.advanceTimersByTime(250);
    see('a', 3);
    jest.advanceTimersByTime(250);
    expect(gaps.map(({ reason, missed }) => [reason, missed])).toEqual([
      ['connection-lost', 0],
      ['events-missed', 1],
    ]);
  });

  it('passes an interruption on when the next one comes', () => {
    see('a', 1);
    reporter.interrupted(LOST);
    see('a', 3);
    reporter.interrupted({ ...LOST, reason: 'subscription-lost', fromMs: 49_500, toMs: NOW_MS });
    expect(gaps).toEqual([{ ...LOST, missed: 1 }]);
    see('a', 5);
    jest.advanceTimersByTime(250);
    expect(gaps[1]).toMatchObject({ reason: 'subscription-lost', fromMs: 49_500, missed: 1 });
  });

  it('keeps holes on other channels apart from a subscription that was lost', () => {
    see('a', 1);
    see('a', 3);
    reporter.interrupted({ ...LOST, reason: 'subscription-lost' });
    expect(gaps).toMatchObject([{ reason: 'events-missed', targets: ['a'], missed: 1 }]);
  });

  it('passes on what is known in full at once, beside what it is counting', () => {
    see('a', 1);
    reporter.interrupted(LOST);
    const known: Gap = { reason: 'buffer-overflow', targets: ['b'], fromMs: 1, toMs: 2, missed: 3 };
    reporter.report(known);
    expect(gaps).toEqual([known]);
    jest.advanceTimersByTime(250);
    expect(gaps).toHaveLength(2);
  });

  it('passes on at once what it is counting when it is flushed, and once', () => {
    see('a', 1);
    see('a', 3);
    reporter.flush();
    expect(gaps).toMatchObject([{ targets: ['a'], missed: 1 }]);
    reporter.flush();
    jest.advanceTimersByTime(1_000);
    expect([gaps.length, jest.getTimerCount()]).toEqual([1, 0]);
  });

  it('misses nothing on channels that were given up meanwhile', () => {
    see('a', 1);
    see('b', 1);
    reporter.forget((channel) => channel === 'a');
    see('a', 9);
    see('b', 3);
    reporter.flush();
    expect(gaps).toMatchObject([{ targets: ['b'], missed: 1 }]);
  });

  it('tells at once that a count began anew, and goes on counting what an interruption cost', () => {
    see('orders:a', 1);
    see('orders:b', 1);
    reporter.interrupted(LOST);
    see('orders:a', Number.MAX_SAFE_INTEGER);
    expect(gaps).toEqual([
      {
        reason: 'events-missed',
        targets: ['orders:a'],
        fromMs: NOW_MS,
        toMs: NOW_MS,
        missed: undefined,
        hint: expect.stringContaining('counting was restarted'),
      },
    ]);
    see('orders:a', 2);
    see('orders:a', 4);
    see('orders:b', 3);
    jest.advanceTimersByTime(250);
    expect(gaps.slice(1)).toEqual([{ ...LOST, missed: 2 }]);
  });

  it.each([['orders:*'], ['orders:<id>'], ['orders:forged']])(
    'does not say how many are missing of %s where counts on it had to go for others',
    (target) => {
      see('orders:forged', 1, 'real');
      see('other', 1);
      for (let n = 0; n < 20_000; n += 1) see('orders:forged', 1, `p${n}`);
      reporter.interrupted({ ...LOST, targets: ['other'] });
      see('other', 4);
      reporter.flush();
      reporter.interrupted({ ...LOST, targets: ['more', target] });
      see('orders:forged', 9, 'real');
      see('other', 6);
      reporter.flush();
      expect(gaps).toEqual([
        { ...LOST, targets: ['other'], missed: 2 },
        { ...LOST, targets: ['more', target], missed: undefined },
      ]);
      // What shows between two numbers of a count that is known is certain.
      see('other', 9);
      reporter.flush();
      expect(gaps[2]).toMatchObject({ reason: 'events-missed', missed: 2 });
    },
  );

  it('counts the events that say nothing of their number', () => {
    reporter.received('a', undefined, NOW_MS);
    see('a', 1);
    expect(reporter.unsequencedEvents).toBe(1);
  });
});

describe('joinGaps', () => {
  it('covers both, and counts only where both are counted', () => {
    const first: Gap = { reason: 'events-missed', targets: ['a', 'b'], fromMs: 5, toMs: 6, missed: 2 };
    const second: Gap = { ...LOST, targets: ['b', 'c'], missed: 3, hint: 'why' };
    expect(joinGaps(first, second)).toEqual({
      reason: 'events-missed',
      targets: ['a', 'b', 'c'],
      fromMs: 5,
      toMs: 49_000,
      missed: 5,
      hint: 'why',
    });
    expect(joinGaps(first, { ...second, missed: undefined }).missed).toBeUndefined();
  });
});
