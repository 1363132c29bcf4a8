import { setImmediate as turn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { PublishDeadlines } from './publish.deadlines.js';

describe('PublishDeadlines', () => {
  let deadlines: PublishDeadlines;
  const expired: string[] = [];
  const add = (timeoutMs: number, name: string) =>
    deadlines.add(timeoutMs, { expire: () => void expired.push(name) });
  /** Time goes by, and then the real turns in which what is over is told. */
  const pass = async (ms: number) => {
    jest.advanceTimersByTime(ms);
    for (let n = 0; n < 10; n += 1) await turn();
  };

  beforeEach(() => {
    jest.useFakeTimers();
    deadlines = new PublishDeadlines();
    expired.length = 0;
  });
  afterEach(() => jest.useRealTimers());

  it('expires each when its time is over, and none before', async () => {
    add(100, 'a');
    await pass(40);
    add(100, 'b');
    add(50, 'c');
    await pass(49);
    expect(expired).toEqual([]);
    await pass(1);
    expect(expired).toEqual(['c']);
    await pass(10);
    expect(expired).toEqual(['c', 'a']);
    await pass(39);
    expect(expired).toEqual(['c', 'a']);
    await pass(1);
    expect(expired).toEqual(['c', 'a', 'b']);
  });

  it('tells how much time is over, also where some was before it was added', async () => {
    const told: number[] = [];
    deadlines.add(150, { expire: (timeoutMs) => void told.push(timeoutMs) }, 100);
    await pass(49);
    expect(told).toEqual([]);
    await pass(1);
    expect([told, jest.getTimerCount()]).toEqual([[150], 0]);
  });

  it('expires none that was removed, and needs one timer for all of one time', async () => {
    for (let n = 0; n < 1_000; n += 1) deadlines.remove(add(100, 'removed'));
    add(100, 'a');
    expect(jest.getTimerCount()).toBe(1);
    await pass(100);
    expect([expired, jest.getTimerCount()]).toEqual([['a'], 0]);
  });

  it('lets answers win that are read in the turns after the time, as long as there are any', async () => {
    const all = Array.from({ length: 20 }, (_, n) => add(100, String(n)));
    jest.advanceTimersByTime(100);
    // One every other turn.
    for (const deadline of all.slice(0, 19)) {
      deadlines.remove(deadline);
      await turn();
      await turn();
    }
    expect(expired).toEqual([]);
    await pass(0);
    expect(expired).toEqual(['19']);
  });

  it('does not wait for ever behind answers that others get', async () => {
    add(100, 'a');
    jest.advanceTimersByTime(100);
    for (let n = 0; n < 200 && expired.length === 0; n += 1) {
      deadlines.remove(add(1_000, 'other'));
      await turn();
    }
    expect(expired).toEqual(['a']);
  });
});
