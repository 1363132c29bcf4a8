import { flagsFor, mergedFlags, missingFlags } from './keyspace.flags.js';

describe('flagsFor', () => {
  it.each([
    [['expired'], 'Ex'],
    [['del', 'expire', 'rename_to'], 'Eg'],
    [['set', 'expired', 'evicted'], 'E$xe'],
    [['lpush', 'sadd', 'hset', 'zadd', 'xadd'], 'Elshzt'],
    [['keymiss', 'new'], 'Emn'],
    [['json.set'], 'EA'],
    [['*'], 'EA'],
  ])('knows what %j need: %s', (events, flags) => {
    expect(flagsFor(events)).toBe(flags);
  });
});

describe('missingFlags', () => {
  it.each([
    ['', 'Ex', 'Ex'],
    ['Ex', 'Ex', ''],
    ['Kx', 'Ex', 'E'],
    ['AE', 'Eg$x', ''],
    ['AE', 'Em', 'm'],
    ['Eg$lshzxetd', 'EA', ''],
    ['Eg$lshzxet', 'EA', 'A'],
  ])('finds with %j of %j: %j', (current, needed, missing) => {
    expect(missingFlags(current, needed)).toBe(missing);
  });
});

describe('mergedFlags', () => {
  it.each([
    ['', 'Ex', 'Ex'],
    ['Kg', 'Ex', 'KgEx'],
    ['Kgxm', 'EA', 'KmEA'],
    ['AKE', 'Ex', 'AKE'],
  ])('adds to %j what %j has more: %j', (current, needed, merged) => {
    expect(mergedFlags(current, needed).split('').toSorted()).toEqual(merged.split('').toSorted());
  });
});
