import { jest } from '@jest/globals';
import { LogEpisode } from './log.episode.js';

describe('LogEpisode', () => {
  beforeEach(() => void jest.useFakeTimers({ now: 0 }));
  afterEach(() => jest.useRealTimers());

  it('writes the first line, and then one a minute with the number of those left out', () => {
    const written: number[] = [];
    const episode = new LogEpisode();
    for (let second = 0; second <= 180; second += 1) {
      jest.advanceTimersByTime(second * 1_000 - Date.now());
      episode.log((unlogged) => written.push(unlogged));
    }
    expect(written).toEqual([0, 59, 59, 59]);
  });

  it('takes a time of its own', () => {
    const written: number[] = [];
    const episode = new LogEpisode(5_000);
    for (const nowMs of [0, 4_999, 5_000, 20_000]) {
      jest.advanceTimersByTime(nowMs - Date.now());
      episode.log((unlogged) => written.push(unlogged));
    }
    expect(written).toEqual([0, 1, 0]);
  });
});
