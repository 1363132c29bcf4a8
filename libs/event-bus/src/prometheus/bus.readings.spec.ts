import { jest } from '@jest/globals';
import { untyped } from '../../../../test/support/untyped.js';
import { BusCounts } from './bus.counts.js';
import { READINGS } from './bus.readings.js';
import { BusState } from './bus.state.js';
import type { MetricKey } from './metric.definitions.js';

const links = [
  { role: 'publisher', isUp: true, provedAgoMs: 5, roundTripMs: 1.5 },
  { role: 'shard-subscriber', node: '10.0.0.1:6379', isUp: false },
];
const subscriptions = [
  { kind: 'pattern', target: 'a*', state: 'active' },
  { kind: 'pattern', target: 'b*', state: 'denied' },
];

describe('READINGS', () => {
  const snapshot = jest.fn(() => untyped({ status: 'degraded', handlers: [], links, subscriptions }));
  const state = new BusState({ snapshot, describe: () => untyped({ handlers: [] }) });
  const counts = new BusCounts([1], () => new Map());
  const read = (key: MetricKey) => [...READINGS[key](counts, state)];

  it('tell of each link whether it is up, and its last round trip', () => {
    expect(read('linkUp')).toEqual([
      { labels: { link: 'publisher' }, value: 1 },
      { labels: { link: 'shard-subscriber', node: '10.0.0.1:6379' }, value: 0 },
    ]);
    expect(read('linkRoundTrip')).toEqual([{ labels: { link: 'publisher' }, value: 0.0015 }]);
  });

  it('tell how many subscriptions of a kind are in each state, and 0 of the others', () => {
    const of = (name: string, value: number) => ({ labels: { kind: 'pattern', state: name }, value });
    expect(read('subscriptions')).toEqual([
      of('wanted', 0),
      of('pending', 0),
      of('active', 1),
      of('denied', 1),
      of('lost', 0),
    ]);
    expect(read('ready')).toEqual([{ labels: {}, value: 0 }]);
  });

  it('are of one snapshot in one scrape, and of another in the next', async () => {
    snapshot.mockClear();
    read('ready');
    read('linkUp');
    expect(snapshot).toHaveBeenCalledTimes(1);
    await Promise.resolve();
    read('ready');
    expect(snapshot).toHaveBeenCalledTimes(2);
  });
});
