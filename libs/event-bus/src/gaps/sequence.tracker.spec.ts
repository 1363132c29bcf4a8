import { SequenceTracker } from './sequence.tracker.js';

const LIMIT = 10_000;
const stamp = (sequence: number, publisher = 'p') => ({ publisher, sequence });

describe('SequenceTracker', () => {
  it('finds nothing missing where numbers follow each other', () => {
    const tracker = new SequenceTracker();
    for (let n = 5; n < 100; n += 1) expect(tracker.observe('a', stamp(n), n)).toBeUndefined();
    expect(tracker.size).toBe(1);
  });

  it('tells how many are missing, and since when', () => {
    const tracker = new SequenceTracker();
    tracker.observe('a', stamp(1), 1_000);
    tracker.observe('a', stamp(2), 2_000);
    expect(tracker.observe('a', stamp(6), 9_000)).toEqual({ channel: 'a', missed: 3, fromMs: 2_000 });
    expect(tracker.observe('a', stamp(7), 9_001)).toBeUndefined();
    expect(tracker.observe('a', stamp(9), 9_002)).toEqual({ channel: 'a', missed: 1, fromMs: 9_001 });
  });

  it('takes the first of a count for its beginning, whatever its number', () => {
    const tracker = new SequenceTracker();
    expect(tracker.observe('a', stamp(500), 0)).toBeUndefined();
  });

  it('counts for each publisher and each channel', () => {
    const tracker = new SequenceTracker();
    expect(
      [
        tracker.observe('a', stamp(1, 'p'), 0),
        tracker.observe('a', stamp(7, 'q'), 0),
        tracker.observe('b', stamp(3, 'p'), 0),
        tracker.observe('a', stamp(2, 'p'), 0),
        tracker.observe('b', stamp(4, 'p'), 0),
      ].filter(Boolean),
    ).toEqual([]);
    expect(tracker.observe('a', stamp(9, 'q'), 0)).toMatchObject({ missed: 1 });
    expect(tracker.size).toBe(3);
  });

  it('ignores an event that comes again through another subscription', () => {
    const tracker = new SequenceTracker();
    tracker.observe('a', stamp(1), 1);
    tracker.observe('a', stamp(2), 2);
    for (const again of [2, 1, 2]) expect(tracker.observe('a', stamp(again), 3)).toBeUndefined();
    expect(tracker.observe('a', stamp(3), 4)).toBeUndefined();
    tracker.observe('a', stamp(3), 5);
    expect(tracker.observe('a', stamp(5), 6)).toEqual({ channel: 'a', missed: 1, fromMs: 4 });
  });

  it('counts events without a number, and watches nothing for them', () => {
    const tracker = new SequenceTracker();
    tracker.observe('a', undefined, 0);
    tracker.observe('b', undefined, 0);
    expect([tracker.unsequencedEvents, tracker.size]).toEqual([2, 0]);
  });

  it('begins anew on channels that were given up, and there alone', () => {
    const tracker = new SequenceTracker();
    for (const channel of ['a:1', 'a:2', 'b:1']) {
      tracker.observe(channel, stamp(1, 'p'), 0);
      tracker.observe(channel, stamp(1, 'q'), 0);
    }
    tracker.forget((channel) => channel.startsWith('a:'));
    expect(tracker.size).toBe(2);
    expect(tracker.observe('a:1', stamp(9), 0)).toBeUndefined();
    expect(tracker.observe('b:1', stamp(9, 'q'), 0)).toMatchObject({ missed: 7 });
  });

  it.each(['__proto__', 'constructor', ''])('takes %p for a name like any other', (name) => {
    const tracker = new SequenceTracker();
    expect(tracker.observe(name, stamp(1, name), 0)).toBeUndefined();
    expect(tracker.observe(name, stamp(3, name), 0)).toMatchObject({ channel: name, missed: 1 });
  });

  it('watches 10,000 counts at once, whatever their order', () => {
    const tracker = new SequenceTracker();
    for (let round = 1; round <= 3; round += 1) {
      for (let n = 0; n < LIMIT; n += 1) tracker.observe(`c${(n * 7) % LIMIT}`, stamp(round * 2), 0);
    }
    const holes = Array.from({ length: LIMIT }, (_, n) => tracker.observe(`c${n}`, stamp(8), 0)?.missed);
    expect(new Set(holes)).toEqual(new Set([1]));
  });

  it('forgets those of 100,000 channels that were not seen for longest, and keeps one in use', () => {
    const tracker = new SequenceTracker();
    let largest = 0;
    let holes = 0;
    for (let n = 1; n <= 100_000; n += 1) {
      if (tracker.observe(`c${n}`, stamp(1), 0) !== undefined) holes += 1;
      // Every other one is missing, which shows as long as the count is known.
      if (n % 1_000 === 0) holes += tracker.observe('busy', stamp(n / 500), 0)?.missed ?? 0;
      largest = Math.max(largest, tracker.size);
    }
    expect([largest, holes]).toEqual([LIMIT, 99]);
    expect(tracker.observe('c1', stamp(9), 0)).toBeUndefined();
    // What it holds is what it counts: nothing is left of a channel that went.
    const channels = Reflect.get(tracker, 'channels') as Map<string, { readonly size: number }>;
    expect([...channels.values()].reduce((sum, { size }) => sum + size, 0)).toBe(tracker.size);
    expect(channels.size).toBeLessThanOrEqual(LIMIT);
  });

  it('bounds the publishers of one channel as well', () => {
    const tracker = new SequenceTracker();
    for (let n = 0; n < 3 * LIMIT; n += 1) tracker.observe('a', stamp(1, `p${n}`), 0);
    expect(tracker.size).toBe(LIMIT);
    tracker.forget(() => true);
    expect(tracker.size).toBe(0);
  });

  describe('where somebody else publishes under the id of a publisher', () => {
    const MAX = Number.MAX_SAFE_INTEGER;

    it('takes a jump that nobody counted to for the beginning of a new count, and so the way back', () => {
      const tracker = new SequenceTracker();
      for (const n of [1, 2, 3]) tracker.observe('a', stamp(n), n);
      expect(tracker.observe('a', stamp(MAX), 4)).toEqual({ channel: 'a', missed: undefined, fromMs: 3 });
      // Told once: what follows of it is the same trouble.
      expect(tracker.observe('a', stamp(4), 5)).toBeUndefined();
      expect(tracker.observe('a', stamp(5), 6)).toBeUndefined();
      expect(tracker.observe('a', stamp(9), 7)).toEqual({ channel: 'a', missed: 3, fromMs: 6 });
    });

    it('tells of it once a minute and channel', () => {
      const tracker = new SequenceTracker();
      let told = 0;
      for (let second = 0; second < 180; second += 1) {
        for (const channel of ['a', 'b'])
          for (const sequence of [1, MAX]) {
            const hole = tracker.observe(channel, stamp(sequence), second * 1_000);
            if (hole !== undefined) told += 1;
            expect(hole?.missed).toBeUndefined();
          }
      }
      expect(told).toBe(2 * 3);
    });

    it('counts on where a number lies further back than an event that comes again', () => {
      const tracker = new SequenceTracker();
      tracker.observe('a', stamp(1), 0);
      expect(tracker.observe('a', stamp(50_000), 1)).toMatchObject({ missed: 49_998 });
      expect(tracker.observe('a', stamp(2), 2)).toEqual({ channel: 'a', missed: undefined, fromMs: 1 });
      expect(tracker.observe('a', stamp(5), 3)).toMatchObject({ missed: 2 });
    });

    it('counts what a publisher may have sent in the time that has passed', () => {
      const tracker = new SequenceTracker();
      tracker.observe('a', stamp(1), 0);
      expect(tracker.observe('a', stamp(50_000_000), 1)).toMatchObject({ missed: 49_999_998 });
      expect(tracker.observe('a', stamp(500_000_000), 600_000)).toMatchObject({ missed: 449_999_999 });
      // The clock was set back.
      expect(tracker.observe('a', stamp(500_000_002), 0)).toMatchObject({ missed: 1 });
    });

    it.each([MAX + 1, 1.5, NaN, Infinity])('counts nothing by %p', (sequence) => {
      const tracker = new SequenceTracker();
      tracker.observe('a', stamp(1), 0);
      expect(tracker.observe('a', stamp(sequence), 0)).toBeUndefined();
      expect(tracker.observe('a', stamp(2), 0)).toBeUndefined();
      expect(tracker.unsequencedEvents).toBe(1);
    });
  });

  describe('where ids are made up', () => {
    it('keeps the counts of other channels, however many there are on one', () => {
      const tracker = new SequenceTracker();
      for (let n = 0; n < 5_000; n += 1) tracker.observe(`c${n}`, stamp(1), 0);
      for (let n = 0; n < 10 * LIMIT; n += 1) {
        for (const sequence of [1, 2]) tracker.observe('forged', stamp(sequence, `p${n}`), 0);
      }
      for (let n = 5_000; n < 6_000; n += 1) tracker.observe(`c${n}`, stamp(1), 0);
      const holes = Array.from({ length: 6_000 }, (_, n) => tracker.observe(`c${n}`, stamp(3), 0)?.missed);
      expect(new Set(holes)).toEqual(new Set([1]));
      expect(tracker.size).toBe(LIMIT);
    });

    it('says of the channel where counts had to go that it is blind there, and nowhere else', () => {
      const tracker = new SequenceTracker();
      const isBlindOn = (channel: string, nowMs: number) =>
        tracker.isBlind((name) => name === channel, nowMs);
      tracker.observe('mine', stamp(1), 0);
      for (let n = 0; n < LIMIT - 1; n += 1) tracker.observe('forged', stamp(1, `p${n}`), 0);
      expect(isBlindOn('forged', 0)).toBe(false);
      tracker.observe('forged', stamp(1, 'one more'), 0);
      expect([isBlindOn('forged', 0), isBlindOn('mine', 0)]).toEqual([true, false]);
      // By then those that had to go have ended, or are counted again.
      expect(isBlindOn('forged', 3_600_000)).toBe(false);
    });

    it('is blind everywhere where a channel is not known any more, and not where its publisher was silent', () => {
      const tracker = new SequenceTracker();
      for (let n = 0; n < LIMIT; n += 1) tracker.observe(`c${n}`, stamp(1), 0);
      tracker.observe('later', stamp(1), 3_600_000);
      expect(tracker.isBlind(() => true, 3_600_000)).toBe(false);
      for (let n = 0; n < LIMIT; n += 1) tracker.observe(`d${n}`, stamp(1), 3_600_001);
      expect(tracker.isBlind(() => false, 3_600_001)).toBe(true);
    });

    it('keeps no name that is longer than any real one', () => {
      const tracker = new SequenceTracker();
      const long = 'x'.repeat(1_025);
      expect(tracker.observe('a', stamp(1, long), 0)).toBeUndefined();
      expect(tracker.observe(long, stamp(1), 0)).toBeUndefined();
      expect([tracker.size, tracker.unsequencedEvents]).toEqual([0, 2]);
    });
  });
});
