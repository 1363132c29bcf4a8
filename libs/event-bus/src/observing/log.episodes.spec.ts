import { jest } from '@jest/globals';
import { LogEpisodes } from './log.episodes.js';

describe('LogEpisodes', () => {
  beforeEach(() => void jest.useFakeTimers({ now: 0 }));
  afterEach(() => jest.useRealTimers());

  it('writes each kind of trouble of each handler once, and then with the number of those left out', () => {
    const episodes = new LogEpisodes();
    const written: string[] = [];
    const log = (handler: string, kind: string) =>
      episodes.log(handler, kind, (unlogged) => written.push(`${handler} ${kind} ${unlogged}`));
    for (let n = 0; n < 5; n += 1) log('One', 'TypeError');
    log('One', 'RangeError');
    log('Two', 'TypeError');
    jest.advanceTimersByTime(60_000 - Date.now());
    log('One', 'TypeError');
    expect(written).toEqual(['One TypeError 0', 'One RangeError 0', 'Two TypeError 0', 'One TypeError 4']);
  });

  it('is bounded, whatever handlers and kinds are called', () => {
    const episodes = new LogEpisodes();
    let written = 0;
    const flood = (prefix: string) => {
      for (let handler = 0; handler < 2_000; handler += 1) {
        for (let kind = 0; kind < 20; kind += 1)
          episodes.log(`${prefix}${handler}`, `${prefix}${kind}`, () => (written += 1));
      }
    };
    flood('a');
    // 8 kinds and the rest of each of 1,000 handlers, and the rest of the handlers.
    expect(written).toBe(1_000 * 9 + 1);
    flood('a');
    expect(written).toBe(1_000 * 9 + 1);
    jest.advanceTimersByTime(60_000 - Date.now());
    flood('b');
    expect(written).toBe(2 * (1_000 * 9 + 1));
  });
});
