import { jest } from '@jest/globals';
import { ClaimRegistry } from './claim.registry.js';

describe('ClaimRegistry', () => {
  beforeEach(() => jest.useFakeTimers({ now: 1_000 }));
  afterEach(() => {
    jest.useRealTimers();
  });

  it('holds a claim for its time', () => {
    const claims = new ClaimRegistry();
    expect(claims.claim('a', 100)).toBe(true);
    expect(claims.claim('b', 100)).toBe(true);
    jest.advanceTimersByTime(1_099 - Date.now());
    expect(claims.claim('a', 100)).toBe(false);
    jest.advanceTimersByTime(1_100 - Date.now());
    expect(claims.claim('a', 100)).toBe(true);
    expect(claims.claim('a', 100)).toBe(false);
  });

  it('gives a key again whose time is over while an older claim still holds', () => {
    const claims = new ClaimRegistry();
    claims.claim('long', 1_000);
    claims.claim('short', 10);
    jest.advanceTimersByTime(1_010 - Date.now());
    expect(claims.claim('short', 10)).toBe(true);
    expect(claims.claim('long', 10)).toBe(false);
  });

  it('keeps no more claims than hold', () => {
    const claims = new ClaimRegistry();
    for (let n = 0; n < 10_000; n += 1) {
      jest.advanceTimersByTime(1_000 + n - Date.now());
      claims.claim(`key ${n}`, 100);
      expect(claims.size).toBeLessThanOrEqual(100);
    }
  });
});
