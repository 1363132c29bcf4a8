import { jest } from '@jest/globals';
import { NotConnectedError } from '../errors.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import type { InspectionQuery, InspectionResult } from '../transports/event.transport.js';
import { EventBusInspector } from './event-bus.inspector.js';

function inspectorOf(inspect: (query: InspectionQuery) => Promise<InspectionResult>): EventBusInspector {
  const settings = { prefix: new ChannelPrefix('app:') };
  const unused = undefined as never;
  return new EventBusInspector(
    settings as never,
    { inspect } as never,
    unused,
    unused,
    unused,
    unused,
    unused,
    unused,
  );
}

describe('EventBusInspector', () => {
  it('answers with what the broker knows, without the prefix', async () => {
    const queries: InspectionQuery[] = [];
    const inspector = inspectorOf(async (query) => {
      queries.push(query);
      return { channels: ['app:orders'], counts: new Map([['app:orders', 2]]), total: 7 };
    });
    expect(await inspector.channels('o*')).toEqual(['orders']);
    expect(await inspector.shardChannels()).toEqual(['orders']);
    expect(await inspector.subscriberCounts(['orders', 'x'])).toEqual(
      new Map([
        ['orders', 2],
        ['x', 0],
      ]),
    );
    expect(await inspector.patternCount()).toBe(7);
    expect(queries).toEqual([
      { query: 'channels', pattern: 'app:o*' },
      { query: 'shardChannels', pattern: 'app:*' },
      { query: 'subscriberCounts', channels: ['app:orders', 'app:x'] },
      { query: 'patternCount' },
    ]);
  });

  it('does not wait for ever for a broker that does not answer', async () => {
    jest.useFakeTimers();
    try {
      const asking = inspectorOf(() => new Promise(() => undefined)).channels();
      jest.advanceTimersByTime(5_000);
      await expect(asking).rejects.toThrow(NotConnectedError);
    } finally {
      jest.useRealTimers();
    }
  });
});
