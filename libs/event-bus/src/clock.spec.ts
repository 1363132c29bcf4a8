import { jest } from '@jest/globals';
import { momentOf, stampOf, windowSince } from './clock.js';

describe('the clock', () => {
  beforeEach(() => jest.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => {
    jest.useRealTimers();
  });

  it.each([0, -3_600_000, 3_600_000])(
    'measures a window by no clock that is set, here by %d ms',
    (stepMs) => {
      const momentMs = performance.now();
      jest.advanceTimersByTime(500);
      jest.setSystemTime(1_000_500 + stepMs);
      jest.advanceTimersByTime(1_500);
      expect(windowSince(momentMs)).toEqual({ fromMs: 1_000_000 + stepMs, toMs: 1_002_000 + stepMs });
      expect(stampOf(momentMs)).toBe(1_000_000 + stepMs);
    },
  );

  it('takes a time for the moment that it was', () => {
    const momentMs = performance.now();
    const stampMs = Date.now();
    jest.advanceTimersByTime(700);
    expect(momentOf(stampMs)).toBe(momentMs);
  });
});
