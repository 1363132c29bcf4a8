import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { MAX_IN_ALL, MAX_PER_TARGET, TailSampler } from './tail.sampler.js';

interface Shown {
  readonly target: string;
  readonly id: string | undefined;
}

function offer(sampler: TailSampler<Shown>, target: string, id?: string): void {
  const slot = sampler.offer('published', target);
  if (slot !== undefined && sampler.choose(slot, id)) sampler.add(slot, { target, id });
}

describe('TailSampler', () => {
  it('shows everything that is rare', () => {
    const sampler = new TailSampler<Shown>();
    for (const id of ['1', '2', '3']) offer(sampler, 'orders:*', id);
    expect(sampler.take(true)).toEqual({
      entries: ['1', '2', '3'].map((id) => ({ target: 'orders:*', id })),
      leftOut: 0,
    });
  });

  it('shows at most 20 of a target in a second, and says how many it does not show', () => {
    const sampler = new TailSampler<Shown>();
    for (let period = 0; period < 3; period += 1) {
      for (let index = 0; index < 5_000; index += 1) offer(sampler, 'orders:*', randomUUID());
      const { entries, leftOut } = sampler.take(true);
      expect(entries.length).toBeLessThanOrEqual(MAX_PER_TARGET);
      expect(entries.length + leftOut).toBe(5_000);
    }
  });

  it('keeps to the limits of a second when several samples are taken in it', () => {
    const sampler = new TailSampler<Shown>();
    let shown = 0;
    for (let part = 0; part < 5; part += 1) {
      for (let index = 0; index < 15; index += 1) offer(sampler, 'orders:*');
      shown += sampler.take(false).entries.length;
    }
    expect(shown).toBe(MAX_PER_TARGET);
    sampler.take(true);
    offer(sampler, 'rare');
    expect(sampler.take(true).entries).toHaveLength(1);
  });

  it('does not let busy targets drown a rare one, and shows at most 100 in all', () => {
    const sampler = new TailSampler<Shown>();
    for (let index = 0; index < 30; index += 1)
      for (let target = 0; target < 20; target += 1) offer(sampler, `busy ${target}`);
    offer(sampler, 'rare');
    const { entries, leftOut } = sampler.take(true);
    expect(entries.length).toBe(MAX_IN_ALL);
    expect(entries.filter(({ target }) => target === 'rare')).toHaveLength(1);
    expect(leftOut).toBe(601 - MAX_IN_ALL);
  });

  it('shows the same events of a busy target in a publisher and in a handler', () => {
    const [publisher, handler] = [new TailSampler<Shown>(), new TailSampler<Shown>()];
    const second = () => {
      const ids = Array.from({ length: 1_000 }, () => randomUUID());
      for (const id of ids) offer(publisher, 'published orders:*', id);
      for (const id of ids.toReversed()) offer(handler, 'handled notify orders:*', id);
      return [publisher, handler].map((sampler) => sampler.take(true).entries.map(({ id }) => id));
    };
    second();
    const pairs = Array.from({ length: 10 }, second);
    const together = pairs.flatMap(([first = [], other = []]) => first.filter((id) => other.includes(id)));
    const shown = pairs.flatMap(([first = []]) => first);
    expect(shown.length).toBeGreaterThan(50);
    // The limit may cut the last ones of a second, which are others in another order.
    expect(together.length).toBeGreaterThan(0.9 * shown.length);
  });

  it('chooses every so many events where there is no id', () => {
    const sampler = new TailSampler<Shown>();
    const second = () => {
      for (let index = 0; index < 100; index += 1) offer(sampler, 'orders:*');
      return sampler.take(true).entries.length;
    };
    expect([second(), second(), second()]).toEqual([20, 12, 12]);
  });

  it('counts only the events of very many targets', () => {
    const sampler = new TailSampler<Shown>();
    for (let target = 0; target < 1_000; target += 1) offer(sampler, `orders:${target}`);
    const { entries, leftOut } = sampler.take(true);
    expect([entries.length, leftOut]).toEqual([MAX_IN_ALL, 900]);
  });

  it('forgets what it chose', () => {
    const sampler = new TailSampler<Shown>();
    offer(sampler, 'orders:*');
    sampler.clear();
    expect(sampler.take(true)).toEqual({ entries: [], leftOut: 0 });
  });
});
