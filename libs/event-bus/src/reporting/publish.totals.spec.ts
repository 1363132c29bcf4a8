import { describe, expect, it } from '@jest/globals';
import { PublishTotals } from './publish.totals.js';

const sent = (channel: string, subscriptions = 1, template?: string) => ({
  bus: 'default',
  channel,
  ...(template === undefined ? {} : { template }),
  kind: 'channel' as const,
  payload: {},
  bytes: 2,
  subscriptions,
  tookMs: 1,
});

describe('PublishTotals', () => {
  it('counts by template, or by channel without one', () => {
    const totals = new PublishTotals(true);
    totals.published(sent('orders:1', 2, 'orders:<id>'));
    totals.published(sent('orders:2', 0, 'orders:<id>'));
    totals.published(sent('news'));
    totals.published({ ...sent('news', 5), kind: 'shard' });
    totals.publishFailed({ bus: 'default', channel: 'news', kind: 'shard', error: new Error(), tookMs: 1 });
    const { top, rest } = totals.read();
    expect(top).toHaveLength(3);
    expect(top).toEqual(
      expect.arrayContaining([
        {
          name: 'orders:<id>',
          isTemplate: true,
          kind: 'channel',
          published: 2,
          nobody: 1,
          failed: 0,
          subscriptions: 0,
        },
        {
          name: 'news',
          isTemplate: false,
          kind: 'channel',
          published: 1,
          nobody: 0,
          failed: 0,
          subscriptions: 1,
        },
        {
          name: 'news',
          isTemplate: false,
          kind: 'shard',
          published: 1,
          nobody: 0,
          failed: 1,
          subscriptions: 5,
        },
      ]),
    );
    expect(rest).toEqual({ published: 0, nobody: 0, failed: 0 });
  });

  it('names no channel where only targets may be shown', () => {
    const totals = new PublishTotals(false);
    totals.published(sent('users:ann@example.com', 0));
    totals.published(sent('users:ann', 1, 'users:<name>'));
    const { top, rest } = totals.read();
    expect(top.map(({ name }) => name)).toEqual(['users:<name>']);
    expect(rest).toEqual({ published: 1, nobody: 1, failed: 0 });
  });

  it('names the 50 with the most events, and adds up the others', () => {
    const totals = new PublishTotals(true);
    for (let channel = 0; channel < 60; channel += 1)
      for (let event = 0; event <= channel; event += 1) totals.published(sent(`orders:${channel}`));
    const { top, rest, leftOut } = totals.read();
    expect(top.map(({ published }) => published)).toEqual(
      Array.from({ length: 50 }, (_, index) => 60 - index),
    );
    expect([leftOut, rest.published]).toEqual([10, 55]);
  });

  it('stays bounded with very many and very long channels, and loses no event', () => {
    const totals = new PublishTotals(true);
    const events = 20_000;
    for (let index = 0; index < events; index += 1) {
      totals.published(sent(`orders:${index}`));
      if (index % 10 === 0) totals.published(sent('busy'));
    }
    totals.published(sent('x'.repeat(10_000)));
    const { top, rest, leftOut } = totals.read();
    expect(top[0]).toMatchObject({ name: 'busy', published: events / 10 });
    expect(leftOut).toBeLessThan(1_000);
    const shown = top.reduce((sum, { published }) => sum + published, 0);
    expect(shown + rest.published).toBe(events + events / 10 + 1);
  });
});
