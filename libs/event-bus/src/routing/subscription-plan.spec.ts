import { ChannelPrefix } from './channel-prefix.js';
import { orderTargets, parseTarget } from './event-target.js';
import type { Consumer } from './subscription-plan.js';
import { SubscriptionPlan } from './subscription-plan.js';
import type { SubscriptionTarget } from './subscription-target.js';

const prefix = new ChannelPrefix('');
const consumer = (...texts: string[]): Consumer => ({
  targets: orderTargets(texts.map((text) => parseTarget(text, prefix))),
});
const channel = (name: string): SubscriptionTarget => ({ kind: 'channel', name });
const pattern = (name: string): SubscriptionTarget => ({ kind: 'pattern', name });

describe('SubscriptionPlan', () => {
  it('holds a target once for all who want it, and until the last one leaves', () => {
    const plan = new SubscriptionPlan();
    const [a, b] = [consumer('o:*'), consumer('o:*', 'x')];
    plan.add(a);
    plan.add(b);

    expect(plan.targets()).toEqual([pattern('o:*'), channel('x')]);
    expect(plan.consumersOf(pattern('o:*'))).toEqual([a, b]);
    expect(plan.remove(a)).toEqual([]);
    expect(plan.remove(b)).toEqual([channel('x'), pattern('o:*')]);
    expect(plan.targets()).toEqual([]);
  });

  it('lets nobody in twice and forgets nobody who was never there', () => {
    const plan = new SubscriptionPlan();
    const a = consumer('x');
    plan.add(a);
    plan.add(a);

    expect(plan.consumersOf(channel('x'))).toEqual([a]);
    expect(plan.remove(consumer('y'))).toEqual([]);
  });

  it('gives an event to a consumer through exactly one of its confirmed subscriptions', () => {
    const plan = new SubscriptionPlan();
    const a = consumer('*', 'o:*', 'o:a');
    plan.add(a);
    plan.confirm([channel('o:a'), pattern('o:*'), pattern('*')]);

    const through = [channel('o:a'), pattern('*'), pattern('o:*')];
    const accepted = through.map((target) => plan.accept(a, target, 'o:a')?.text);
    expect(accepted).toEqual(['o:a', undefined, undefined]);
    expect(plan.accept(a, pattern('o:*'), 'o:b')).toBeUndefined();
    expect(plan.accept(a, pattern('*'), 'o:b')?.text).toBe('*');
  });

  it('lets the next subscription speak while the authoritative one is not confirmed', () => {
    const plan = new SubscriptionPlan();
    const a = consumer('o:a', '*');
    plan.add(a);
    plan.confirm([pattern('*')]);
    expect(plan.accept(a, pattern('*'), 'o:a')?.text).toBe('o:a');

    plan.confirm([channel('o:a')]);
    expect(plan.accept(a, pattern('*'), 'o:a')).toBeUndefined();

    plan.release([channel('o:a')]);
    expect(plan.accept(a, pattern('*'), 'o:a')?.text).toBe('o:a');
  });

  it('names the first of the own targets that matches, whichever subscription delivers', () => {
    const plan = new SubscriptionPlan();
    const a = consumer('o:*', 'o:?');
    plan.add(a);
    plan.confirm([pattern('o:?')]);
    expect(plan.accept(a, pattern('o:?'), 'o:a')?.text).toBe('o:*');
  });

  it('ignores a confirmation of something that is not planned', () => {
    const plan = new SubscriptionPlan();
    plan.confirm([channel('x')]);
    plan.add(consumer('x', '*'));
    expect(plan.targets()).toHaveLength(2);
  });

  it('keeps shard channels and channels of one name apart', () => {
    const plan = new SubscriptionPlan();
    const both: Consumer = {
      targets: orderTargets([
        parseTarget('a', prefix),
        parseTarget('a', prefix, 'shard'),
        parseTarget('*', prefix),
      ]),
    };
    plan.add(both);
    plan.confirm([channel('a'), { kind: 'shard', name: 'a' }, pattern('*')]);
    expect(plan.accept(both, { kind: 'shard', name: 'a' }, 'a')?.subscription.kind).toBe('shard');
    expect(plan.accept(both, channel('a'), 'a')?.subscription.kind).toBe('channel');
    expect(plan.accept(both, pattern('*'), 'a')).toBeUndefined();
  });
});
