import type { SubscriptionTarget } from '../routing/subscription-target.js';
import { TargetMap } from './target.map.js';

const channel: SubscriptionTarget = { kind: 'channel', name: 'x' };
const pattern: SubscriptionTarget = { kind: 'pattern', name: 'x' };
const shard: SubscriptionTarget = { kind: 'shard', name: 'x' };

describe('TargetMap', () => {
  it('takes equal targets for one, and keeps the kinds of one name apart', () => {
    const map = new TargetMap<string>();
    map.set(shard, 's');
    map.set(pattern, 'p');
    map.set(channel, 'old');
    map.set({ ...channel }, 'c');
    expect([map.get(channel), map.get(pattern), map.get({ ...shard })]).toEqual(['c', 'p', 's']);
    expect(map.size).toBe(3);
    expect(map.values()).toEqual(['c', 'p', 's']);
  });

  it('forgets what is deleted, and says whether it was there', () => {
    const map = new TargetMap<number>();
    map.set(channel, 1);
    map.set(pattern, 2);
    expect(map.delete({ ...channel })).toBe(true);
    expect(map.delete(channel)).toBe(false);
    expect([map.has(channel), map.has(pattern), map.get(channel)]).toEqual([false, true, undefined]);
    map.clear();
    expect(map.size).toBe(0);
    expect(map.values()).toEqual([]);
  });

  it('takes names that objects have', () => {
    const map = new TargetMap<number>();
    expect(map.get({ kind: 'channel', name: '__proto__' })).toBeUndefined();
    map.set({ kind: 'channel', name: '__proto__' }, 1);
    expect(map.get({ kind: 'channel', name: '__proto__' })).toBe(1);
    expect(map.has({ kind: 'channel', name: 'constructor' })).toBe(false);
  });
});
