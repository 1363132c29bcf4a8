import { NotConnectedError, PublishUnconfirmedError } from '../errors.js';
import type {
  EventTransport,
  OutgoingMessage,
  PublishOutcome,
  SettledListener,
} from '../transports/event.transport.js';
import { PublishBatcher } from './publish.batcher.js';
import { PublishCall } from './publish.call.js';

/** A transport whose answers the test gives. */
class Line {
  readonly batches: {
    readonly channels: string[];
    readonly settled: SettledListener;
    readonly resolve: (outcomes: PublishOutcome[]) => void;
  }[] = [];

  publish(messages: readonly OutgoingMessage[], settled: SettledListener): Promise<PublishOutcome[]> {
    return new Promise((resolve) => {
      this.batches.push({ channels: messages.map(({ channel }) => channel), settled, resolve });
    });
  }

  get channels(): string[][] {
    return this.batches.map(({ channels }) => channels);
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('PublishBatcher', () => {
  let line: Line;
  let batcher: PublishBatcher;
  let outcomes: Map<string, PublishOutcome>;

  beforeEach(() => {
    line = new Line();
    batcher = new PublishBatcher(line as unknown as EventTransport, true);
    outcomes = new Map();
  });

  const publish = (channel: string, timeoutMs = 5_000): PublishCall => {
    const own = outcomes;
    const message = { kind: 'channel', channel, body: '' } as const;
    const call = new PublishCall(message, channel, 0, timeoutMs, (outcome) => {
      expect(own.has(channel)).toBe(false);
      own.set(channel, outcome);
    });
    batcher.add(call);
    return call;
  };

  it('hands over in one batch what a loop adds and what settled promises add, in order', async () => {
    publish('a');
    const later = Promise.resolve().then(async () => {
      publish('c');
      await Promise.resolve();
      publish('d');
    });
    publish('b');
    await later;
    expect(line.channels).toEqual([]);
    await turn();
    expect(line.channels).toEqual([['a', 'b', 'c', 'd']]);
    publish('e');
    await turn();
    expect(line.channels).toEqual([['a', 'b', 'c', 'd'], ['e']]);
  });

  it('hands over each by itself, at once, when it does not batch', () => {
    batcher = new PublishBatcher(line as unknown as EventTransport, false);
    publish('a');
    publish('b');
    expect(line.channels).toEqual([['a'], ['b']]);
  });

  it('hands over at once when it is told to, and once', async () => {
    publish('a');
    batcher.flush();
    expect(line.channels).toEqual([['a']]);
    await turn();
    expect(line.channels).toEqual([['a']]);
  });

  it('hands over nothing that was given up before, and tells its publisher why', async () => {
    const reason = new Error('enough');
    const call = publish('a');
    publish('b');
    call.giveUp(reason);
    await turn();
    expect([line.channels, outcomes.get('a')]).toEqual([[['b']], { error: reason }]);
    publish('c').giveUp(reason);
    await turn();
    expect(line.batches).toHaveLength(1);
  });

  it('does not know what becomes of what is given up afterwards', async () => {
    const call = publish('a');
    await turn();
    call.giveUp(new Error('enough'));
    expect(outcomes.get('a')).toMatchObject({ error: expect.any(PublishUnconfirmedError) });
    line.batches[0]?.resolve([{ subscriptions: 1 }]);
    await turn();
  });

  it('tells each outcome as soon as the transport does', async () => {
    for (const channel of ['a', 'b']) publish(channel);
    await turn();
    const error = new NotConnectedError();
    line.batches[0]?.settled(1, { error });
    expect([...outcomes]).toEqual([['b', { error }]]);
    line.batches[0]?.resolve([{ subscriptions: 3 }, { error }]);
    await turn();
    expect(outcomes.get('a')).toEqual({ subscriptions: 3 });
  });

  it('does not know what becomes of a batch at which the transport fails', async () => {
    line.publish = () => Promise.reject(new Error('broken'));
    publish('a');
    await turn();
    expect(outcomes.get('a')).toMatchObject({ error: expect.any(PublishUnconfirmedError) });
  });

  it('gives up what is not answered within its own time', async () => {
    publish('short', 1);
    publish('long');
    await turn();
    while (outcomes.size === 0) await turn();
    expect([...outcomes]).toEqual([['short', { error: expect.any(PublishUnconfirmedError) }]]);
    line.batches[0]?.resolve([{ subscriptions: 1 }, { subscriptions: 2 }]);
    await turn();
    expect(outcomes.get('long')).toEqual({ subscriptions: 2 });
  });
});
