import { NotConnectedError, PublishUnconfirmedError } from '../errors.js';
import type { OutgoingMessage, PublishOutcome, SettledListener } from '../transports/event.transport.js';
import { PublishBatcher } from './publish.batcher.js';
import { PublishCall } from './publish.call.js';
import { untyped } from '../../../../test/support/untyped.js';

/** A transport whose answers the test gives. */
class Line {
  readonly name = 'carrier';
  readonly batches: { readonly channels: string[]; readonly settled: SettledListener }[] = [];

  publish(messages: readonly OutgoingMessage[], settled: SettledListener): unknown {
    this.batches.push({ channels: messages.map(({ channel }) => channel), settled });
    return undefined;
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
    batcher = new PublishBatcher(untyped(line), true);
    outcomes = new Map();
  });

  const publish = (channel: string, timeoutMs = 5_000): PublishCall => {
    const own = outcomes;
    const message = { kind: 'channel', channel, body: '' } as const;
    const settle = (outcome: PublishOutcome) => {
      expect(own.has(channel)).toBe(false);
      own.set(channel, outcome);
    };
    const call = new PublishCall({ message, name: channel, body: '', stampBytes: 0 }, settle, timeoutMs);
    batcher.add(call);
    return call;
  };

  /** What is published in the rest of this tick is collected. */
  const openTick = () => {
    const message = { kind: 'channel', channel: 'first', body: '' } as const;
    batcher.add(new PublishCall({ message, name: 'first', body: '', stampBytes: 0 }, () => undefined));
    expect(line.channels).toEqual([['first']]);
    line.batches.splice(0)[0]?.settled(0, { subscriptions: 0 });
  };

  it('hands over the first of a tick before the call returns, and the others together at its end', async () => {
    for (const tick of [0, 1]) {
      publish(`a${tick}`);
      expect(line.channels).toEqual([[`a${tick}`]]);
      publish(`b${tick}`);
      publish(`c${tick}`);
      expect(line.channels).toHaveLength(1);
      await turn();
      expect(line.channels.splice(1)).toEqual([[`b${tick}`, `c${tick}`]]);
      line.batches.splice(0);
    }
  });

  it('hands over in one batch what a loop adds and what settled promises add, in order', async () => {
    openTick();
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
    expect(line.channels).toEqual([['a', 'b', 'c', 'd'], ['e']]);
  });

  it('hands over what is published within a hand-over behind all of it', async () => {
    const handedOver: string[] = [];
    let number = 0;
    line.publish = (messages, settled) => {
      messages.forEach(({ channel }, index) => {
        handedOver.push(channel);
        // Its publisher hears of it at once, and publishes.
        settled(index, { subscriptions: 1 });
      });
    };
    const chain = (channel: string, length: number) => {
      const message = { kind: 'channel', channel, body: '' } as const;
      const settle = () => {
        if (length > 0) chain(`${(number += 1)}`, length - 1);
      };
      batcher.add(new PublishCall({ message, name: channel, body: '', stampBytes: 0 }, settle));
    };
    chain('a', 2);
    chain('b', 1);
    chain('c', 0);
    await turn();
    expect(handedOver).toEqual(['a', '1', 'b', 'c', '2', '3']);
  });

  it('keeps the order of the calls in every mix of ticks, promises and outcomes', async () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      let state = seed;
      const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
      const published: string[] = [];
      const handedOver: string[] = [];
      let open = 0;
      line.publish = (messages, settled) => {
        open += messages.length;
        messages.forEach(({ channel }, index) => {
          handedOver.push(channel);
          const answer = () => {
            open -= 1;
            settled(index, { subscriptions: 1 });
          };
          if (random(3) > 0) answer();
          else setImmediate(answer);
        });
      };
      const add = (depth: number) => {
        const channel = `${published.length}`;
        const message = { kind: 'channel', channel, body: '' } as const;
        const settle = () => {
          if (depth < 3 && random(2) === 0) add(depth + 1);
        };
        published.push(channel);
        batcher.add(new PublishCall({ message, name: channel, body: '', stampBytes: 0 }, settle));
      };
      for (let step = 0; step < 20; step += 1) {
        for (let count = random(4); count > 0; count -= 1) add(0);
        if (random(3) === 0) await Promise.resolve();
        if (random(5) === 0) await turn();
        if (random(9) === 0) batcher.flush();
      }
      while (open > 0 || handedOver.length < published.length) await turn();
      expect(handedOver).toEqual(published);
    }
  });

  it('hands over each by itself, at once, when it does not batch', () => {
    batcher = new PublishBatcher(untyped(line), false);
    publish('a');
    publish('b');
    expect(line.channels).toEqual([['a'], ['b']]);
  });

  it('hands over at once when it is told to, and once', async () => {
    openTick();
    publish('a');
    batcher.flush();
    expect(line.channels).toEqual([['a']]);
    await turn();
    expect(line.channels).toEqual([['a']]);
  });

  it('hands over nothing that was given up before, and tells its publisher why', async () => {
    const reason = new Error('enough');
    openTick();
    const call = publish('a');
    publish('b');
    call.giveUp(reason);
    await turn();
    expect([line.channels, outcomes.get('a')]).toEqual([[['b']], { error: reason }]);
    line.batches.splice(0);
    openTick();
    publish('c').giveUp(reason);
    await turn();
    expect(line.batches).toEqual([]);
  });

  it('does not know what becomes of what is given up afterwards', async () => {
    const reason = new Error('enough');
    publish('a').giveUp(reason);
    expect(outcomes.get('a')).toMatchObject({ error: expect.any(PublishUnconfirmedError) });
    expect(outcomes.get('a')).toMatchObject({ error: { cause: reason } });
    line.batches[0]?.settled(0, { subscriptions: 1 });
  });

  it('tells each outcome as soon as the transport does', async () => {
    openTick();
    for (const channel of ['a', 'b']) publish(channel);
    await turn();
    const error = new NotConnectedError();
    line.batches[0]?.settled(1, { error });
    expect([...outcomes]).toEqual([['b', { error }]]);
    line.batches[0]?.settled(0, { subscriptions: 3 });
    expect(outcomes.get('a')).toEqual({ subscriptions: 3 });
  });

  describe('with a transport that breaks its contract', () => {
    const two = { subscriptions: 2 };
    /** Its publisher is told that nobody knows, and why. */
    const unknown = (why: string) => ({
      error: expect.objectContaining({
        code: 'EVENT_BUS_PUBLISH_UNCONFIRMED',
        message: expect.stringContaining(`(the carrier transport ${why})`),
      }),
    });
    const thenable = (act: (resolve: () => void, reject: (error: unknown) => void) => void) => ({
      // oxlint-disable-next-line unicorn/no-thenable -- what a transport may return
      then: act,
    });

    it.each<[string, (settled: SettledListener) => unknown, unknown, unknown]>([
      [
        'throws before it settles anything',
        () => {
          throw new Error('broken');
        },
        unknown('threw in publish(): broken'),
        unknown('threw in publish(): broken'),
      ],
      [
        'throws after it settled one',
        (settled) => {
          settled(0, two);
          throw new Error('broken');
        },
        two,
        unknown('threw in publish(): broken'),
      ],
      [
        'rejects',
        async (settled) => {
          settled(1, two);
          await turn();
          throw new Error('broken');
        },
        unknown('rejected in publish(): broken'),
        two,
      ],
      [
        'rejects without an error',
        () => Promise.reject(untyped(undefined)),
        unknown('rejected in publish(): undefined'),
        unknown('rejected in publish(): undefined'),
      ],
      [
        'ends without settling one',
        async (settled) => settled(0, two),
        two,
        unknown('ended publish() without settling every message'),
      ],
      [
        'returns the outcomes',
        async () => [two, two],
        unknown('ended publish() without settling every message'),
        unknown('ended publish() without settling every message'),
      ],
      [
        'settles with something else',
        (settled) => {
          settled(0, untyped(undefined));
          settled(1, untyped({ subscriptions: 'two' }));
        },
        unknown('settled a message with neither subscriptions nor an error'),
        unknown('settled a message with neither subscriptions nor an error'),
      ],
      [
        'settles with an error that is none',
        (settled) => {
          settled(0, untyped({ error: 'a text' }));
          settled(1, untyped({ subscriptions: 2, error: null }));
        },
        unknown('settled a message with neither subscriptions nor an error'),
        unknown('settled a message with neither subscriptions nor an error'),
      ],
      [
        'names an error that there is not',
        (settled) => {
          settled(0, untyped({ subscriptions: 2, error: undefined }));
          settled(1, two);
        },
        two,
        two,
      ],
      [
        'settles twice',
        async (settled) => {
          settled(0, two);
          settled(0, { error: new Error('changed its mind') });
          settled(1, two);
          await turn();
          settled(1, { error: new Error('changed its mind') });
        },
        two,
        two,
      ],
      [
        'settles messages that it was not given',
        (settled) => {
          for (const index of [-1, 2, 0.5, Number.NaN, untyped('__proto__')]) settled(index, two);
          settled(1, two);
          settled(0, two);
        },
        two,
        two,
      ],
      [
        'returns a promise that is none, and then settles',
        (settled) => {
          setImmediate(() => [0, 1].forEach((index) => settled(index, two)));
          return thenable(() => undefined);
        },
        two,
        two,
      ],
      [
        'returns a promise that resolves and rejects',
        () =>
          thenable((resolve, reject) => {
            resolve();
            reject(new Error('late'));
          }),
        unknown('ended publish() without settling every message'),
        unknown('ended publish() without settling every message'),
      ],
    ])('settles each publish once where it %s', async (_what, act, first, second) => {
      openTick();
      line.publish = (_messages, settled) => act(settled);
      publish('a');
      publish('b');
      while (outcomes.size < 2) await turn();
      await turn();
      expect([outcomes.get('a'), outcomes.get('b')]).toEqual([first, second]);
      // The publisher asks whether there is an error by its name.
      for (const outcome of outcomes.values()) expect(Object.keys(outcome)).toHaveLength(1);
    });

    it('gives up by its deadline what the transport forgets without a word', async () => {
      openTick();
      line.publish = (_messages, settled) => settled(0, two);
      publish('a', 1);
      publish('b', 1);
      while (outcomes.size < 2) await turn();
      expect([...outcomes]).toEqual([
        ['a', two],
        [
          'b',
          {
            error: expect.objectContaining({
              message: expect.stringContaining('no reply within 1 ms from the'),
            }),
          },
        ],
      ]);
    });

    it('goes on with the next batch', async () => {
      line.publish = () => {
        throw new Error('broken');
      };
      publish('a');
      publish('b');
      await turn();
      line.publish = (messages, settled) => messages.forEach((_message, index) => settled(index, two));
      publish('c');
      publish('d');
      await turn();
      expect(['a', 'b', 'c', 'd'].map((name) => outcomes.get(name))).toEqual([
        unknown('threw in publish(): broken'),
        unknown('threw in publish(): broken'),
        two,
        two,
      ]);
    });
  });

  it('gives up what is not answered within its own time', async () => {
    openTick();
    publish('short', 1);
    publish('long');
    await turn();
    while (outcomes.size === 0) await turn();
    expect([...outcomes]).toEqual([['short', { error: expect.any(PublishUnconfirmedError) }]]);
    line.batches[0]?.settled(1, { subscriptions: 2 });
    expect(outcomes.get('long')).toEqual({ subscriptions: 2 });
  });

  it('gives up the next ones when their time is over, shortest first', async () => {
    openTick();
    publish('longer', 40);
    publish('short', 1);
    publish('long', 20);
    publish('longest');
    await turn();
    while (outcomes.size < 3) await turn();
    expect([...outcomes.keys()]).toEqual(['short', 'long', 'longer']);
    expect(outcomes.get('long')).toMatchObject({
      error: { message: expect.stringContaining('no reply within 20 ms from the') },
    });
    line.batches[0]?.settled(3, { subscriptions: 2 });
    expect(outcomes.get('longest')).toEqual({ subscriptions: 2 });
  });
});
