import { RedisBackOff } from './redis.back-off.js';

describe('RedisBackOff', () => {
  it('counts as the driver does while no link is ready', () => {
    const backOff = new RedisBackOff();
    expect([1, 2, 3].map((attempt) => backOff.next(attempt, false))).toEqual([1, 2, 3]);
  });

  it('begins anew with a link that has proved itself', () => {
    const backOff = new RedisBackOff();
    for (let link = 0; link < 3; link += 1) {
      backOff.begin();
      expect(backOff.next(1, true)).toBe(1);
    }
  });

  it('counts on while links are ready and die before they have', () => {
    const backOff = new RedisBackOff();
    const attempts = Array.from({ length: 4 }, () => {
      backOff.begin();
      return backOff.next(1, false);
    });
    expect(attempts).toEqual([1, 2, 3, 4]);
    // What is refused in between counts by itself, and does not make it forget.
    expect([backOff.next(2, false), backOff.next(5, false)]).toEqual([4, 5]);
    backOff.begin();
    expect(backOff.next(1, true)).toBe(1);
  });

  it('takes the first one that dies young for bad luck, however long it took to get it', () => {
    const backOff = new RedisBackOff();
    for (let attempt = 1; attempt < 10; attempt += 1) backOff.next(attempt, false);
    backOff.begin();
    expect(backOff.next(1, false)).toBe(1);
  });
});
