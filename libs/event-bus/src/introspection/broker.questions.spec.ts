import { jest } from '@jest/globals';
import { NotConnectedError, NotSupportedError } from '../errors.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import type { InspectionQuery, InspectionResult } from '../transports/event.transport.js';
import { BrokerQuestions } from './broker.questions.js';

function questionsTo(inspect?: (query: InspectionQuery) => Promise<InspectionResult>): BrokerQuestions {
  return new BrokerQuestions({ name: 'pigeon', inspect }, new ChannelPrefix('app:'));
}

describe('BrokerQuestions', () => {
  it('answers with what the broker knows, without the prefix', async () => {
    const queries: InspectionQuery[] = [];
    const questions = questionsTo(async (query) => {
      queries.push(query);
      return { channels: ['app:orders'], counts: new Map([['app:orders', 2]]), total: 7 };
    });
    expect(await questions.channels('channels', 'o*')).toEqual(['orders']);
    expect(await questions.channels('shardChannels', '*')).toEqual(['orders']);
    expect(await questions.counts('subscriberCounts', ['orders', 'x'])).toEqual(
      new Map([
        ['orders', 2],
        ['x', 0],
      ]),
    );
    expect(await questions.patternCount()).toBe(7);
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
      const asking = questionsTo(() => new Promise(() => undefined)).patternCount();
      jest.advanceTimersByTime(5_000);
      await expect(asking).rejects.toThrow(NotConnectedError);
    } finally {
      jest.useRealTimers();
    }
  });

  it('asks whether the broker answers, and not for ever', async () => {
    const prefix = new ChannelPrefix('');
    await new BrokerQuestions({ name: 'pigeon', ping: async () => undefined }, prefix).ping();
    expect(() => new BrokerQuestions({ name: 'pigeon' }, prefix).ping()).toThrow(
      'The pigeon transport cannot be asked',
    );
    jest.useFakeTimers();
    try {
      const silent = new BrokerQuestions(
        { name: 'pigeon', ping: () => new Promise(() => undefined) },
        prefix,
      );
      const asking = silent.ping();
      jest.advanceTimersByTime(5_000);
      await expect(asking).rejects.toThrow(NotConnectedError);
    } finally {
      jest.useRealTimers();
    }
  });

  it('names the transport that cannot be asked', async () => {
    const asked = questionsTo().patternCount();
    await expect(asked).rejects.toThrow(NotSupportedError);
    await expect(asked).rejects.toThrow('The pigeon transport cannot list subscribers');
  });
});
