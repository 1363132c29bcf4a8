import { setImmediate } from 'node:timers';
import { jest } from '@jest/globals';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import { parseTarget } from '../routing/handler-target.js';
import type { Consumer } from '../plan/subscription-plan.js';
import { subscriptionPlan } from '../plan/subscription-plan.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import { TargetMap } from '../transports/target.map.js';
import { SubscriptionSync } from './subscription.sync.js';

const none = new ChannelPrefix('');
const consumer = (...texts: string[]): Consumer => ({
  targets: texts.map((text) => parseTarget(text, none)),
});
const channels = (count: number) => Array.from({ length: count }, (_, index) => `c:${index}`);
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A broker that confirms all, in the turn after, and remembers what it was asked. */
function start() {
  const plan = subscriptionPlan<Consumer>();
  const held = new TargetMap<true>();
  /** Targets that are new to the broker, by call. */
  const subscribed: number[] = [];
  const unsubscribed: number[] = [];
  /** The most targets that were begun with in one turn. */
  const turns = { most: 0, now: 0 };
  const count = (targets: number) => {
    if (turns.now === 0) setImmediate(() => (turns.now = 0));
    turns.now += targets;
    turns.most = Math.max(turns.most, turns.now);
  };
  const transport = {
    async subscribe(targets: readonly SubscriptionTarget[]) {
      const fresh = targets.filter((target) => !held.has(target));
      for (const target of fresh) held.set(target, true);
      if (fresh.length > 0) subscribed.push(fresh.length);
      count(fresh.length);
      await turn();
      if (fresh.length > 0) sync.confirmed(fresh);
      return targets.map((target) => ({ target }));
    },
    async unsubscribe(targets: readonly SubscriptionTarget[]) {
      for (const target of targets) held.delete(target);
      if (targets.length > 0) unsubscribed.push(targets.length);
      count(targets.length);
      await turn();
      sync.released(targets);
    },
  };
  const sync: SubscriptionSync<Consumer> = new SubscriptionSync(plan, transport, {
    interrupted: () => undefined,
  });
  return { plan, sync, held, subscribed, unsubscribed, turns };
}

describe('SubscriptionSync', () => {
  it('asks the broker for the first that begins in a turn, and once for all others, and so for those that end', async () => {
    const { sync, held, subscribed, unsubscribed } = start();
    const consumers = channels(900).map((name) => consumer(name));
    const outcomes = await Promise.all(consumers.map((one) => sync.want([one])));
    expect(outcomes.flat().filter(({ error }) => error === undefined)).toHaveLength(900);
    expect(subscribed).toEqual([1, 899]);
    const unwanted = await Promise.all(consumers.map((one) => sync.unwant(one)));
    expect(unwanted.flat()).toHaveLength(900);
    expect(unsubscribed).toEqual([1, 899]);
    expect(held.size).toBe(0);
  });

  /** How often the plan is asked whether a target is given up, for each of those that end together. */
  const looksPerEnd = async (texts: readonly string[], also: readonly string[] = []): Promise<number> => {
    const { sync, plan } = start();
    const consumers = texts.map((text) => consumer(text));
    await sync.want([...consumers, ...also.map((text) => consumer(text))]);
    const looks = jest.spyOn(plan, 'isGivenUp');
    await Promise.all(consumers.map((one) => sync.unwant(one)));
    return looks.mock.calls.length / texts.length;
  };

  it.each([
    ['channels', (count: number) => channels(count), []],
    ['patterns', (count: number) => channels(count).map((name) => `${name}:*`), []],
    ['channels that a pattern covers', (count: number) => channels(count), ['c:*']],
    ['a pattern and what it covers', (count: number) => ['c:*', ...channels(count)], []],
    [
      'patterns, each with a channel that takes over',
      (count: number) => channels(count).map((name) => `${name}:*`),
      channels(400).map((name) => `${name}:x`),
    ],
  ])(
    'looks a few times at each target that ends, however many end with it: %s',
    async (_what, textsOf, also) => {
      for (const count of [100, 400]) expect(await looksPerEnd(textsOf(count), also)).toBeLessThan(6);
    },
  );

  it('works through very many targets in slices, a turn of the event loop each', async () => {
    const { sync, held, subscribed, unsubscribed, turns } = start();
    const [one, others] = [
      consumer(...channels(4_500)),
      channels(2_500).map((name) => consumer(`x:${name}`)),
    ];
    await sync.want([one, ...others]);
    expect(held.size).toBe(7_000);
    expect(Math.max(...subscribed)).toBeLessThanOrEqual(1_000);
    await Promise.all([one, ...others].map((each) => sync.unwant(each)));
    expect(held.size).toBe(0);
    expect(Math.max(...unsubscribed)).toBeLessThanOrEqual(1_000);
    expect(turns.most).toBeLessThanOrEqual(2_000);
  });

  it('ends in slices too', async () => {
    const { sync, held, unsubscribed } = start();
    await sync.want([consumer(...channels(2_500))]);
    await sync.stop();
    expect(held.size).toBe(0);
    expect(unsubscribed).toEqual([1_000, 1_000, 500]);
  });

  it('never asks for what was removed before its turn came', async () => {
    const { sync, held } = start();
    const [first, second, third] = [consumer(...channels(1_500)), consumer('second'), consumer('third')];
    const wanted = sync.want([first, second, third]);
    await turn();
    await Promise.all([sync.unwant(first), sync.unwant(second)]);
    const outcomes = await wanted;
    expect(held.targets()).toEqual([{ kind: 'channel', name: 'third' }]);
    const refused = outcomes.filter(({ error }) => error !== undefined).map(({ target }) => target.name);
    expect(refused).toContain('second');
    expect(refused).not.toContain('third');
  });

  it('resolves an end when the target is wanted again', async () => {
    const { sync, held } = start();
    const [one, again] = [consumer('a'), consumer('a')];
    await sync.want([one]);
    await Promise.all([sync.unwant(one), sync.want([again])]);
    expect(held.size).toBe(1);
  });
});
