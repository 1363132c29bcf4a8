import type { SubscriptionKind, SubscriptionTarget } from '../event.transport.js';
import { SubscriberRegistry } from './subscriber.registry.js';

const target = (kind: SubscriptionKind, name: string): SubscriptionTarget => ({ kind, name });

describe('SubscriberRegistry', () => {
  let registry: SubscriberRegistry<string>;
  beforeEach(() => {
    registry = new SubscriberRegistry();
  });

  const deliveries = (channel: string, kind: 'channel' | 'shard' = 'channel') =>
    registry
      .deliveriesOf({ kind, channel, body: '' })
      .map((delivery) => `${delivery.connection} ${delivery.target.kind} ${delivery.target.name}`);

  it('delivers to the channel first, then to patterns in the order they were first used', () => {
    registry.add('a', target('pattern', '*'));
    registry.add('a', target('pattern', 'orders:*'));
    registry.add('b', target('channel', 'orders:created'));
    registry.add('a', target('channel', 'orders:created'));
    registry.add('b', target('pattern', '*'));
    expect(deliveries('orders:created')).toEqual([
      'b channel orders:created',
      'a channel orders:created',
      'a pattern *',
      'b pattern *',
      'a pattern orders:*',
    ]);
  });

  it('keeps shard channels to themselves', () => {
    registry.add('a', target('shard', 'orders'));
    registry.add('a', target('channel', 'orders'));
    registry.add('a', target('pattern', '*'));
    expect(deliveries('orders', 'shard')).toEqual(['a shard orders']);
    expect(deliveries('orders')).toEqual(['a channel orders', 'a pattern *']);
  });

  it('forgets what is removed, and nothing else', () => {
    registry.add('a', target('channel', 'orders'));
    registry.add('b', target('channel', 'orders'));
    registry.add('a', target('pattern', 'o*'));
    registry.remove('a', target('channel', 'orders'));
    registry.remove('b', target('pattern', 'o*'));
    registry.remove('b', target('pattern', 'never'));
    expect(deliveries('orders')).toEqual(['b channel orders', 'a pattern o*']);
    registry.remove('a', target('pattern', 'o*'));
    expect(deliveries('orders')).toEqual(['b channel orders']);
    expect(registry.inspect({ query: 'patternCount' })).toEqual({ total: 0 });
  });

  it('reads names as they come out of a socket', () => {
    registry.add('a', target('channel', '\ud800'));
    registry.add('a', target('pattern', '\udfff*'));
    expect(deliveries('\ufffd')).toHaveLength(2);
    expect(deliveries('\udc00')).toHaveLength(2);
  });

  it('answers PUBSUB as Redis does', () => {
    registry.add('a', target('channel', 'orders'));
    registry.add('b', target('channel', 'orders'));
    registry.add('a', target('channel', 'paid'));
    registry.add('a', target('channel', 'gone'));
    registry.remove('a', target('channel', 'gone'));
    registry.add('a', target('pattern', 'o*'));
    registry.add('b', target('pattern', 'o*'));
    registry.add('b', target('pattern', 'p*'));
    registry.add('b', target('shard', '__proto__'));
    expect(registry.inspect({ query: 'channels' })).toEqual({ channels: ['orders', 'paid'] });
    expect(registry.inspect({ query: 'channels', pattern: '[a-o]*' })).toEqual({ channels: ['orders'] });
    expect(registry.inspect({ query: 'channels', pattern: '' })).toEqual({ channels: [] });
    expect(registry.inspect({ query: 'shardChannels' })).toEqual({ channels: ['__proto__'] });
    expect(registry.inspect({ query: 'subscriberCounts', channels: ['orders', 'o*', '__proto__'] })).toEqual({
      counts: new Map([
        ['orders', 2],
        ['o*', 0],
        ['__proto__', 0],
      ]),
    });
    expect(registry.inspect({ query: 'shardSubscriberCounts', channels: ['__proto__', 'orders'] })).toEqual({
      counts: new Map([
        ['__proto__', 1],
        ['orders', 0],
      ]),
    });
    expect(registry.inspect({ query: 'patternCount' })).toEqual({ total: 2 });
  });
});
