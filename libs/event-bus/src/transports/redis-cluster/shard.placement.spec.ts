import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import { ShardPlacement } from './shard.placement.js';

const target = (name: string): SubscriptionTarget => ({ kind: 'shard', name });
const handed = (name: string) => ({ target: target(name) });
const namesIn = (all: readonly { readonly target: SubscriptionTarget }[]) =>
  all.map((one) => one.target.name);

describe('ShardPlacement', () => {
  let placement: ShardPlacement<string>;
  beforeEach(() => {
    placement = new ShardPlacement();
  });

  it('knows the node of what is placed, and what is at a node', () => {
    placement.place(handed('a'), 'one');
    placement.place(handed('b'), 'two');
    placement.place(handed('c'), 'one');
    expect(placement.nodeOf('a')).toBe('one');
    expect(placement.targetsAt('one')).toEqual([target('a'), target('c')]);
    expect(placement.has('d')).toBe(false);
    expect(placement.nodeOf('d')).toBeUndefined();
    expect(placement.isUrgent).toBe(false);
  });

  it('has each at one place: where it was put last', () => {
    placement.leaveUnassigned(handed('a'));
    placement.place(handed('a'), 'one');
    expect(placement.unplaced).toEqual([]);
    placement.place(handed('a'), 'two');
    expect(placement.isEmpty('one')).toBe(true);
    placement.pause(handed('a'));
    expect(placement.isEmpty('two')).toBe(true);
    expect(placement.nodeOf('a')).toBeUndefined();
    expect(namesIn(placement.unplaced)).toEqual(['a']);
  });

  it('is urgent while nobody serves some, or their nodes serve them no more', () => {
    placement.leaveUnassigned(handed('a'));
    expect(placement.isUrgent).toBe(true);
    placement.remove('a');
    expect(placement.isUrgent).toBe(false);
    placement.place(handed('b'), 'one');
    placement.displace(['b', 'unknown']);
    expect(placement.isUrgent).toBe(true);
    placement.remove('b');
    expect(placement.isUrgent).toBe(false);
    placement.pause(handed('c'));
    expect([placement.isUrgent, placement.isPausing]).toEqual([false, true]);
  });

  it('counts what is displaced as placed at its node, and takes it once', () => {
    placement.place(handed('a'), 'one');
    placement.place(handed('b'), 'one');
    placement.place(handed('c'), 'two');
    placement.displace(['a', 'b', 'c']);
    expect(placement.nodeOf('a')).toBe('one');
    expect(placement.everyDisplaced((_target, node) => node === 'one')).toBe(false);
    placement.remove('b');
    expect(placement.takeDisplaced()).toEqual(
      new Map([
        ['one', [target('a')]],
        ['two', [target('c')]],
      ]),
    );
    expect(placement.hasDisplaced).toBe(false);
    expect(placement.takeDisplaced().size).toBe(0);
    expect(placement.targetsAt('one')).toEqual([target('a')]);
  });

  it('does not displace what is at no node', () => {
    placement.leaveUnassigned(handed('a'));
    placement.pause(handed('b'));
    placement.displace(['a', 'b']);
    expect(placement.hasDisplaced).toBe(false);
  });

  it('ends a pause for what is wanted still, and was not paused anew', () => {
    const [a, b, c] = [handed('a'), handed('b'), handed('c')];
    for (const one of [a, b, c]) placement.pause(one);
    placement.remove('b');
    placement.pause(handed('c'));
    expect(placement.endPause([a, b, c])).toEqual([a]);
    expect(placement.has('a')).toBe(false);
    expect(namesIn(placement.unplaced)).toEqual(['c']);
  });

  it('keeps what was interrupted until it is placed', () => {
    const cause = { reason: 'subscription-lost', fromMs: 5 } as const;
    placement.leaveUnassigned({ target: target('a'), cause });
    placement.pause({ target: target('b'), cause });
    expect(placement.unplaced.map((one) => one.cause)).toEqual([cause, cause]);
    expect(namesIn(placement.unassigned)).toEqual(['a']);
  });
});
