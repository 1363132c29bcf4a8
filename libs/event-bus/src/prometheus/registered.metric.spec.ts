import type { MetricDefinition } from './metric.definitions.js';
import { RegisteredMetric, isOurs } from './registered.metric.js';

const definition: MetricDefinition = { name: 'x', type: 'gauge', help: 'X.', labels: [], aggregator: 'sum' };

describe('RegisteredMetric', () => {
  it('reads the lines of each of its buses', () => {
    const metric = new RegisteredMetric('event_bus_x', definition);
    expect(metric.add('a', () => [{ labels: { kind: 'k' }, value: 1 }])).toBe(true);
    expect(metric.add('b', () => [{ labels: {}, value: 2, suffix: '_sum' }])).toBe(true);
    expect(metric.get()).toEqual({
      name: 'event_bus_x',
      help: 'X.',
      type: 'gauge',
      aggregator: 'sum',
      values: [
        { labels: { bus: 'a', kind: 'k' }, value: 1 },
        { labels: { bus: 'b' }, value: 2, metricName: 'event_bus_x_sum' },
      ],
    });
    expect(metric.add('a', () => [])).toBe(false);
    expect([metric.remove('a'), metric.remove('b')]).toEqual([false, true]);
  });

  it('leaves out a bus that cannot be read, and no other', () => {
    const metric = new RegisteredMetric('event_bus_x', definition);
    metric.add('broken', () => {
      throw new Error('no state');
    });
    metric.add('fine', () => [{ labels: {}, value: 1 }]);
    expect(metric.get()).toMatchObject({ values: [{ labels: { bus: 'fine' }, value: 1 }] });
  });

  it('is known as a metric of this package', () => {
    expect(isOurs(new RegisteredMetric('event_bus_x', definition))).toBe(true);
    for (const other of [undefined, null, 'x', { name: 'event_bus_x' }]) expect(isOurs(other)).toBe(false);
  });
});
