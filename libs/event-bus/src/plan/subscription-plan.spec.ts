import { checkedPlan } from '../../../../test/support/checked.plan.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import { orderTargets, parseTarget } from '../routing/handler-target.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { Consumer } from './subscription-plan.js';

const prefix = new ChannelPrefix('');
const consumer = (...texts: string[]): Consumer => ({
  targets: orderTargets(texts.map((text) => parseTarget(text, prefix))),
});
const targetOf = (text: string): SubscriptionTarget => parseTarget(text, prefix).subscription;
const textOf = ({ name }: SubscriptionTarget): string => name;

/** A plan and the names of what it says. */
function planOf(options?: { readonly coalesce: boolean }) {
  const plan = checkedPlan(options);
  const targets = (texts: string[]) => texts.map(targetOf);
  return {
    plan,
    add: (...consumers: Consumer[]) => plan.add(consumers),
    confirm: (...texts: string[]) => plan.confirm(targets(texts)),
    release: (...texts: string[]) => plan.release(targets(texts)),
    deny: (text: string, sinceMs?: number) => plan.deny([targetOf(text)], sinceMs),
    left: (...texts: string[]) => plan.left(targets(texts)),
    changes: () => {
      const { subscribe, unsubscribe } = plan.changes();
      return { subscribe: subscribe.map(textOf), unsubscribe: unsubscribe.map(textOf) };
    },
    /** Under which target each delivery of an event reaches the consumer: one for each of these subscriptions. */
    seen: (of: Consumer, channel: string, ...through: string[]) =>
      through.flatMap((text) =>
        plan
          .routesFor(targetOf(text), channel)
          .filter((route) => route.consumer === of)
          .map(({ target }) => target.text),
      ),
    servers: (...texts: string[]) =>
      texts.map((text) => {
        const server = plan.serverOf(targetOf(text));
        return server === undefined ? undefined : server.name;
      }),
  };
}

describe('SubscriptionPlan', () => {
  it('holds a target once for all who want it, and until the last one leaves', () => {
    const { plan, add, changes, confirm } = planOf();
    const [a, b] = [consumer('o:*'), consumer('o:*', 'x')];
    add(a, b);

    expect(changes()).toEqual({ subscribe: ['o:*', 'x'], unsubscribe: [] });
    confirm('o:*', 'x');
    expect(plan.routesFor(targetOf('o:*'), 'o:1').map((route) => route.consumer)).toEqual([a, b]);
    expect(plan.remove(a)).toEqual([]);
    expect(changes().unsubscribe).toEqual([]);
    expect(plan.remove(b).map(textOf)).toEqual(['x', 'o:*']);
    expect(changes()).toEqual({ subscribe: [], unsubscribe: ['x', 'o:*'] });
    plan.left([targetOf('o:*'), targetOf('x')]);
    expect(plan.targets()).toEqual([]);
  });

  it('lets nobody in twice and forgets nobody who was never there', () => {
    const { plan, add, confirm } = planOf();
    const a = consumer('x');
    add(a, a);
    add(a);
    confirm('x');

    expect(plan.routesFor(targetOf('x'), 'x')).toHaveLength(1);
    expect(plan.remove(consumer('y'))).toEqual([]);
  });

  it('gives an event to a consumer through exactly one of its confirmed subscriptions', () => {
    const { add, confirm, seen } = planOf({ coalesce: false });
    const a = consumer('*', 'o:*', 'o:a');
    add(a);
    confirm('o:a', 'o:*', '*');

    expect(seen(a, 'o:a', 'o:a', '*', 'o:*')).toEqual(['o:a']);
    expect(seen(a, 'o:b', 'o:*')).toEqual([]);
    expect(seen(a, 'o:b', '*')).toEqual(['*']);
  });

  it('lets the next subscription speak while the authoritative one is not confirmed', () => {
    const { add, confirm, release, seen } = planOf({ coalesce: false });
    const a = consumer('o:a', '*');
    add(a);
    confirm('*');
    expect(seen(a, 'o:a', '*')).toEqual(['o:a']);

    confirm('o:a');
    expect(seen(a, 'o:a', '*')).toEqual([]);

    release('o:a');
    expect(seen(a, 'o:a', '*')).toEqual(['o:a']);
  });

  it('names the first of the own targets that matches, whichever subscription delivers', () => {
    const { add, confirm, seen } = planOf({ coalesce: false });
    const a = consumer('o:*', 'o:?');
    add(a);
    confirm('o:?');
    expect(seen(a, 'o:a', 'o:?')).toEqual(['o:*']);
  });

  it('asks a glob and a template of one subscription, in their order', () => {
    const { add, confirm, seen } = planOf();
    const a = consumer('o:<id>', 'o:*');
    add(a);
    confirm('o:*');
    expect(seen(a, 'o:1', 'o:*')).toEqual(['o:<id>']);
    expect(seen(a, 'o:1:2', 'o:*')).toEqual(['o:*']);
  });

  it('counts as unmatched what no template means', () => {
    const { plan, add, confirm } = planOf();
    add(consumer('o:<id>'));
    confirm('o:*');
    expect(plan.isUnmatched(targetOf('o:*'), 'o:1')).toBe(false);
    expect(plan.isUnmatched(targetOf('o:*'), 'o:1:2')).toBe(true);

    add(consumer('*:2'));
    expect(plan.isUnmatched(targetOf('o:*'), 'o:1:2')).toBe(true);
    expect(plan.isUnmatched(targetOf('o:?'), 'o:1')).toBe(false);
  });

  it('ignores a confirmation of something that is not planned', () => {
    const { plan, add, confirm } = planOf({ coalesce: false });
    confirm('x');
    add(consumer('x', '*'));
    expect(plan.targets()).toHaveLength(2);
  });

  it('keeps shard channels and channels of one name apart', () => {
    const plan = checkedPlan();
    const both: Consumer = {
      targets: orderTargets([
        parseTarget('a', prefix),
        parseTarget('a', prefix, 'shard'),
        parseTarget('*', prefix),
      ]),
    };
    const shard = { kind: 'shard', name: 'a' } as const;
    plan.add([both]);
    expect(plan.changes().subscribe).toEqual([shard, targetOf('*')]);
    plan.confirm([shard, targetOf('*')]);
    expect(plan.routesFor(shard, 'a').map(({ target }) => target.subscription)).toEqual([shard]);
    expect(plan.routesFor(targetOf('*'), 'a').map(({ target }) => target.text)).toEqual(['a']);
  });

  describe('with targets that others cover', () => {
    const [a, one, some, all] = [consumer('o:a'), consumer('o:?'), consumer('o:*'), consumer('*')];

    it('holds the widest alone, and serves all from it', () => {
      const { plan, add, changes, confirm, servers } = planOf();
      add(a, one, some, all);
      expect(changes()).toEqual({ subscribe: ['*'], unsubscribe: [] });
      expect(servers('o:a', '*')).toEqual([undefined, undefined]);

      confirm('*');
      expect(servers('o:a', 'o:?', 'o:*', '*')).toEqual(['*', '*', '*', '*']);
      const reached = (channel: string) =>
        plan
          .routesFor(targetOf('*'), channel)
          .map((route) => route.target.text)
          .toSorted();
      expect(reached('o:a')).toEqual(['*', 'o:*', 'o:?', 'o:a']);
      expect(reached('o:bc')).toEqual(['*', 'o:*']);
      expect(reached('x')).toEqual(['*']);
    });

    it('holds one of two that say the same', () => {
      const { plan, add, changes } = planOf();
      add(consumer('a*?'), consumer('a?*'));
      expect(changes().subscribe).toHaveLength(1);
      add(consumer('a??*'), consumer('a**?'));
      expect(changes()).toEqual({ subscribe: [], unsubscribe: [] });
      expect(plan.targets()).toHaveLength(1);
    });

    it('holds all when it is told to', () => {
      const { add, changes } = planOf({ coalesce: false });
      add(a, one, some, all);
      expect(changes().subscribe).toHaveLength(4);
    });

    it("leaves Redis' own key events and shard channels alone", () => {
      const plan = checkedPlan();
      plan.add([
        consumer('__keyevent@0__:*', '__keyevent@0__:expired', '*'),
        { targets: [parseTarget('o:a', prefix, 'shard')] },
      ]);
      expect(plan.changes().subscribe).toHaveLength(4);
    });

    it('hands over to a wider one at its confirmation, and lets go of the narrow ones only then', () => {
      const { add, changes, confirm, left, seen, servers, plan } = planOf();
      add(a, one);
      changes();
      confirm('o:?');
      expect(servers('o:a')).toEqual(['o:?']);

      add(some);
      expect(changes()).toEqual({ subscribe: ['o:*'], unsubscribe: [] });
      expect([seen(a, 'o:a', 'o:?', 'o:*'), seen(some, 'o:a', 'o:?', 'o:*')]).toEqual([['o:a'], []]);

      confirm('o:*');
      expect(servers('o:a', 'o:?')).toEqual(['o:*', 'o:*']);
      expect(seen(a, 'o:a', 'o:?')).toEqual([]);
      expect(seen(a, 'o:a', 'o:*')).toEqual(['o:a']);
      expect(changes()).toEqual({ subscribe: [], unsubscribe: ['o:?'] });
      left('o:?');
      expect(plan.targets().map(textOf)).toEqual(['o:*']);
    });

    it('hands back one by one, and keeps the wide one until the last has taken over', () => {
      const { plan, add, changes, confirm, seen, servers } = planOf();
      add(a, consumer('o:b'), some);
      changes();
      confirm('o:*');
      plan.remove(some);
      expect(changes()).toEqual({ subscribe: ['o:a', 'o:b'], unsubscribe: [] });
      expect(plan.routesFor(targetOf('o:*'), 'o:c')).toEqual([]);

      confirm('o:a');
      expect(servers('o:a', 'o:b')).toEqual(['o:a', 'o:*']);
      expect(seen(a, 'o:a', 'o:a', 'o:*')).toEqual(['o:a']);
      expect(changes().unsubscribe).toEqual([]);
      expect(plan.isGivenUp(targetOf('o:*'))).toBe(false);

      confirm('o:b');
      expect(changes().unsubscribe).toEqual(['o:*']);
    });

    it('takes a wide one back that is wanted again before it was let go', () => {
      const { plan, add, changes, confirm, release, left, servers } = planOf();
      add(a, consumer('o:b'), some);
      changes();
      confirm('o:*');
      plan.remove(some);
      changes();
      confirm('o:a');
      add(all, some);
      plan.remove(all);
      // Who serves o:a changes only where Redis says something.
      expect(servers('o:a', 'o:b', 'o:*')).toEqual(['o:a', 'o:*', 'o:*']);
      expect(changes().unsubscribe).toEqual(['o:a', 'o:b']);

      // The wide one goes again, while the narrow one is on its way out: it has to stay until that is gone.
      plan.remove(some);
      expect(changes()).toEqual({ subscribe: [], unsubscribe: [] });
      release('o:a');
      expect(servers('o:a')).toEqual(['o:*']);
      left('o:a', 'o:b');
      expect(changes()).toEqual({ subscribe: ['o:a', 'o:b'], unsubscribe: [] });
      confirm('o:a', 'o:b');
      expect(changes().unsubscribe).toEqual(['o:*']);
    });

    it('keeps a wide one that is to take over from one on its way out, though nobody wants it any more', () => {
      const { plan, add, changes, confirm, release, left, servers } = planOf();
      add(a, some);
      changes();
      confirm('o:*');
      plan.remove(some);
      changes();
      confirm('o:a');
      add(some);
      expect(changes().unsubscribe).toEqual(['o:a']);
      plan.remove(some);
      expect(changes()).toEqual({ subscribe: [], unsubscribe: [] });
      release('o:a');
      expect(servers('o:a')).toEqual(['o:*']);
      left('o:a');
      expect(changes()).toEqual({ subscribe: ['o:a'], unsubscribe: [] });
    });

    it('does not ask again for what is on its way out before it is gone', () => {
      const { plan, add, changes, confirm, left } = planOf();
      add(a);
      changes();
      confirm('o:a');
      plan.remove(a);
      changes();
      add(a);
      expect(changes()).toEqual({ subscribe: [], unsubscribe: [] });
      expect(plan.isLeaving(targetOf('o:a'))).toBe(true);
      left('o:a');
      expect(changes().subscribe).toEqual(['o:a']);
    });

    it('lets go of one that was interrupted before it was asked for anew', () => {
      const { plan, add, changes, confirm, release, left } = planOf();
      const first = consumer('o:*');
      add(first);
      changes();
      confirm('o:*');
      release('o:*');
      plan.remove(first);
      expect(changes().unsubscribe).toEqual(['o:*']);
      add(consumer('o:*'));
      left('o:*');
      expect(changes().subscribe).toEqual(['o:*']);
      confirm('o:*');
      add(consumer('*'));
      expect(changes().subscribe).toEqual(['*']);
      confirm('*');
      expect(changes().unsubscribe).toEqual(['o:*']);
    });

    it('falls back to the narrow ones when the wide one is denied, and returns to it when it is granted', () => {
      const { add, changes, confirm, deny, servers } = planOf();
      add(a, one, all);
      changes();
      deny('*');
      expect(changes()).toEqual({ subscribe: ['o:?'], unsubscribe: [] });
      confirm('o:?');
      expect(servers('o:a', 'o:?', '*')).toEqual(['o:?', 'o:?', undefined]);

      deny('*');
      add(some);
      expect(changes().subscribe).toEqual(['o:*']);
      confirm('*');
      expect(servers('o:a', 'o:*', '*')).toEqual(['*', '*', '*']);
      expect(changes().unsubscribe).toEqual(['o:?', 'o:*']);
    });

    it('keeps an unwanted wide one for those whose own is denied, and waits for nothing more', () => {
      const { plan, add, changes, confirm, deny, servers } = planOf();
      add(a, some);
      changes();
      confirm('o:*');
      plan.remove(some);
      changes();
      deny('o:a');
      expect(servers('o:a')).toEqual(['o:*']);
      expect(changes().unsubscribe).toEqual([]);
      expect(plan.isGivenUp(targetOf('o:*'))).toBe(true);

      plan.remove(a);
      expect(changes().unsubscribe.toSorted()).toEqual(['o:*', 'o:a']);
    });

    it('names all that an interrupted subscription served, whoever serves them now', () => {
      const { plan, add, changes, confirm, release } = planOf();
      add(a, some, consumer('x'));
      changes();
      confirm('o:*', 'x');
      release('o:*', 'x');
      plan.remove(some);
      // What it was missing is told when it is back: until then it stays.
      expect(changes()).toEqual({ subscribe: ['o:a'], unsubscribe: [] });
      confirm('o:a', 'x');
      expect(changes().unsubscribe).toEqual([]);
      confirm('o:*');
      expect(plan.takeInterrupted([targetOf('o:*'), targetOf('x')])).toEqual(['o:a', 'x']);
      expect(changes().unsubscribe).toEqual(['o:*']);
    });

    it('serves from an unwanted wide one that is back before its successor', () => {
      const { plan, add, changes, confirm, release, servers } = planOf();
      add(a, some);
      changes();
      confirm('o:*');
      release('o:*');
      plan.remove(some);
      changes();
      confirm('o:*');
      expect(servers('o:a')).toEqual(['o:*']);
    });

    it('tells what was missing once the narrow ones are there, and not a second time', () => {
      const { plan, add, changes, confirm, release, deny } = planOf();
      add(a, consumer('o:b'), all);
      changes();
      confirm('*');
      release('*');
      deny('*', 1_000);
      changes();
      confirm('o:a');
      expect(plan.takeMissed()).toBeUndefined();
      confirm('o:b');
      expect(plan.takeMissed()).toEqual({ texts: ['o:a', 'o:b'], fromMs: 1_000 });
      expect(plan.takeMissed()).toBeUndefined();
      confirm('*');
      expect(plan.takeInterrupted([targetOf('*')])).toEqual(['*']);
    });

    it('leaves it to the wide one to tell what was missing when it is back first', () => {
      const { plan, add, changes, confirm, release, deny } = planOf();
      add(a, all);
      changes();
      confirm('*');
      release('*');
      deny('*', 1_000);
      confirm('*');
      expect(plan.takeMissed()).toBeUndefined();
      expect(plan.takeInterrupted([targetOf('*')]).toSorted()).toEqual(['*', 'o:a']);
    });
  });
});
