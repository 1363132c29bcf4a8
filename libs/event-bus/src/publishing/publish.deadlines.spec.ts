import { jest } from '@jest/globals';
import { PublishDeadlines } from './publish.deadlines.js';

describe('PublishDeadlines', () => {
  let deadlines: PublishDeadlines;
  const expired: string[] = [];
  const add = (timeoutMs: number, name: string) => deadlines.add(timeoutMs, () => expired.push(name));

  beforeEach(() => {
    jest.useFakeTimers();
    deadlines = new PublishDeadlines();
    expired.length = 0;
  });
  afterEach(() => jest.useRealTimers());

  it('expires each when its time is over, and none before', () => {
    add(100, 'a');
    jest.advanceTimersByTime(40);
    add(100, 'b');
    add(50, 'c');
    jest.advanceTimersByTime(49);
    expect(expired).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(expired).toEqual(['c']);
    jest.advanceTimersByTime(10);
    expect(expired).toEqual(['c', 'a']);
    jest.advanceTimersByTime(39);
    expect(expired).toEqual(['c', 'a']);
    jest.advanceTimersByTime(1);
    expect(expired).toEqual(['c', 'a', 'b']);
  });

  it('expires none that was removed, and needs one timer for all of one time', () => {
    for (let n = 0; n < 1_000; n += 1) deadlines.remove(add(100, 'removed'));
    add(100, 'a');
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(100);
    expect([expired, jest.getTimerCount()]).toEqual([['a'], 0]);
  });
});
