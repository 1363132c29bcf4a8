import { setImmediate as turn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { collectionsOf } from '../../../../test/support/collections.js';
import { DispatchJournal, HeldHandler } from '../../../../test/support/dispatch.journal.js';
import { settled } from '../../../../test/support/eventually.js';
import { GapReporter } from '../gaps/gap.reporter.js';
import { SequenceTracker } from '../gaps/sequence.tracker.js';
import { keyEvents } from '../keyspace/key-event.reader.js';
import { cloudEvents } from '../message/cloud-events.codec.js';
import type { EventCodec, EventFrames } from '../message/event.codec.js';
import { NO_METADATA } from '../message/event.codec.js';
import { toJsonSequence } from '../message/json-sequence.js';
import { json } from '../message/json.codec.js';
import { raw } from '../message/raw.codec.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import { parseTarget } from '../routing/handler-target.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import { subscriptionPlan } from '../plan/subscription-plan.js';
import { EventDispatcher } from './event.dispatcher.js';
import type { EventHandler } from './event.handler.js';
import { EventReceiver } from './event.receiver.js';
import type { HandlerOptions } from './handler.options.js';
import { resolveHandlerSettings } from './handler.options.js';
import { RECORDS_PER_TURN } from './message.backlog.js';

const prefix = new ChannelPrefix('app:');

/** A receiver of one bus, with everything behind it. */
function receiverOf(codec: EventCodec, maxPayloadBytes = 100) {
  const journal = new DispatchJournal();
  const plan = subscriptionPlan<EventHandler>();
  const tracker = codec.stamp === undefined ? undefined : new SequenceTracker();
  const gaps = new GapReporter(tracker, (gap) => void journal.gaps.push(gap));
  const dispatcher = new EventDispatcher({ ...journal.services(), gaps });
  const settings = { bus: 'default', codec, prefix, maxPayloadBytes };
  const receiver = new EventReceiver(settings, plan, {
    dispatcher,
    reporter: journal,
    deadLetters: journal,
    gaps,
    brokerChannels: keyEvents,
  });
  const add = (name: string, targets: readonly string[], invoke: EventHandler['invoke'], options = {}) => {
    const handler: EventHandler = {
      name,
      targets: targets.map((text) => parseTarget(text, prefix)),
      settings: resolveHandlerSettings(options as HandlerOptions),
      ...options,
      invoke,
    };
    plan.add([handler]);
    plan.confirm(handler.targets.map(({ subscription }) => subscription));
    dispatcher.add(handler);
    return handler;
  };
  const receive = (channel: string, body: string | Buffer, pattern?: string) => {
    const through =
      pattern === undefined
        ? ({ kind: 'channel', name: prefix.addToChannel(channel) } as const)
        : ({ kind: 'pattern', name: prefix.addToPattern(pattern) } as const);
    receiver.receive({ through, channel: prefix.addToChannel(channel), body: Buffer.from(body) });
  };
  return { journal, plan, gaps, tracker, dispatcher, receiver, add, receive };
}

describe('EventReceiver', () => {
  it('hands answers to requests to those who wait for answers, and to nobody else', () => {
    const seen: string[] = [];
    /** Takes what begins with `re:` for the answer to a request. */
    const codec: EventCodec = {
      name: 'answers',
      encode: String,
      decode: (body) => {
        const payload = body.toString();
        return { payload, metadata: NO_METADATA, isReply: payload.startsWith('re:') };
      },
    };
    const { receiver, add, receive } = receiverOf(codec);
    for (const [name, takesReplies] of [['event'], ['waiting', true], ['no', false]] as const) {
      add(name, ['a'], ({ payload }) => void seen.push(`${name} ${String(payload)}`), { takesReplies });
    }
    receive('a', 'ask');
    receive('a', 're: ask');
    expect(seen).toEqual(['event ask', 'waiting ask', 'no ask', 'waiting re: ask']);
    expect(receiver.receivedMessages).toBe(2);
  });

  it('asks a handler which key events it wants, and about no other event', () => {
    const { receiver, add } = receiverOf(json());
    const asked: unknown[] = [];
    const seen: unknown[] = [];
    const acceptsOfBroker = (payload: unknown) => {
      asked.push(payload);
      return false;
    };
    add('Both.handle', ['*', '__keyevent@0__:expired'], ({ payload }) => void seen.push(payload), {
      acceptsOfBroker,
    });
    add('All.handle', ['__keyevent@0__:expired'], ({ payload }) => void seen.push(payload));
    const keyEvent = { event: 'expired', key: '"1"', db: 0 };
    for (const channel of ['__keyevent@0__:expired', 'app:__keyevent@0__:expired', 'app:a']) {
      const through: SubscriptionTarget = channel.startsWith('__')
        ? { kind: 'channel', name: channel }
        : { kind: 'pattern', name: 'app:*' };
      receiver.receive({ through, channel, body: Buffer.from('"1"') });
    }
    expect(asked).toEqual([keyEvent]);
    // Whoever may publish under the prefix publishes no key events.
    expect(seen).toEqual([keyEvent, '1', '1']);
  });

  it('sends the bytes of what does not decode to the dead letters of each handler that wants them', async () => {
    const { journal, add, receive } = receiverOf(json());
    const wants = { deadLetter: 'dead' };
    add('One.handle', ['a'], () => undefined, wants);
    add('Two.handle', ['a'], () => undefined, { deadLetter: 'other' });
    add('Three.handle', ['a'], () => undefined);
    receive('a', Buffer.from([0xff, 0x00]));
    await settled();
    expect(journal.lines).toEqual(['rejected a PayloadDecodeError', 'letter on dead', 'letter on other']);
    expect(journal.letters[0]?.letter).toEqual({
      event: {
        channel: 'a',
        base64: '/wA=',
        bytes: 2,
        metadata: {},
        receivedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      },
      error: {
        name: 'PayloadDecodeError',
        message: expect.stringContaining('UTF-8'),
        code: 'EVENT_BUS_PAYLOAD_DECODE',
      },
      handler: 'One.handle',
      bus: 'default',
      attempts: 0,
    });
  });

  it('sends no bytes of what is too large, and calls nobody', async () => {
    const { journal, add, receive } = receiverOf(json(), 10);
    const held = new HeldHandler();
    add('One.handle', ['a'], (event) => held.invoke(event), { deadLetter: 'dead' });
    receive('a', '"01234567890"');
    await settled();
    expect(journal.letters[0]?.letter.event).toEqual({
      channel: 'a',
      bytes: 13,
      metadata: {},
      receivedAt: expect.any(String),
    });
    expect(held.started).toEqual([]);
  });

  it('counts what the numbers of events leave out once, however many subscriptions and handlers there are', () => {
    const { journal, plan, gaps, add, receive } = receiverOf(cloudEvents({ source: '/x' }), 1_000);
    const codec = cloudEvents({ source: '/x' });
    add('One.handle', ['orders:a'], () => undefined);
    add('Two.handle', ['orders:*'], () => undefined);
    plan.confirm([
      { kind: 'channel', name: 'app:orders:a' },
      { kind: 'pattern', name: 'app:orders:*' },
    ]);
    for (const sequence of [1, 4, 5]) {
      const body = String(codec.stamp?.(codec.encode(1, 'orders:a'), { publisher: 'p', sequence }));
      receive('orders:a', body);
      receive('orders:a', body, 'orders:*');
    }
    gaps.flush();
    expect(journal.gaps).toMatchObject([{ reason: 'events-missed', targets: ['orders:a'], missed: 2 }]);
    expect(journal.lines.filter((line) => line.startsWith('handled'))).toHaveLength(6);
  });

  it('follows the plan: who comes and goes between two events, and who serves', () => {
    const { plan, dispatcher, add, receive } = receiverOf(json());
    const seen: string[] = [];
    const listen = (name: string, target: string) => add(name, [target], () => void seen.push(name));
    const one = listen('one', 'a:*');
    receive('a:1', '1', 'a:*');
    listen('two', 'a:<id>');
    receive('a:1', '2', 'a:*');
    plan.remove(one);
    dispatcher.remove(one);
    receive('a:1', '3', 'a:*');
    plan.release([{ kind: 'pattern', name: 'app:a:*' }]);
    receive('a:1', '4', 'a:*');
    expect(seen).toEqual(['one', 'one', 'two', 'two']);
  });

  it('gives each event what its own channel says: the name, the pattern and the parameters', () => {
    const { add, receive } = receiverOf(json());
    const seen: unknown[] = [];
    add('By.handle', ['a:<id>'], ({ channel, pattern, params }) => {
      seen.push([channel, pattern, { ...params }]);
      expect(Object.isFrozen(params)).toBe(true);
    });
    add('All.handle', ['*'], ({ channel, pattern }) => void seen.push([channel, pattern]));
    for (const channel of ['a:1', 'a:2', 'a:1', 'b']) receive(channel, '0', '*');
    const of = (id: string) => [
      [`a:${id}`, '*'],
      [`a:${id}`, 'a:<id>', { id }],
    ];
    expect(seen).toEqual([...of('1'), ...of('2'), ...of('1'), ['b', '*']]);
  });

  it('dates an event as its transport dates the message, or by the call that delivers it', () => {
    const { add, receiver } = receiverOf(json());
    const dates: number[] = [];
    add('Orders.see', ['orders'], ({ receivedAtMs }) => void dates.push(receivedAtMs));
    const message = { through: { kind: 'channel', name: 'app:orders' }, channel: 'app:orders' } as const;
    const clock = jest.spyOn(Date, 'now').mockReturnValue(2_000);
    try {
      receiver.receive({ ...message, body: Buffer.from('1'), receivedAtMs: 1_000 });
      receiver.receive({ ...message, body: Buffer.from('2') });
      expect(dates).toEqual([1_000, 2_000]);
    } finally {
      clock.mockRestore();
    }
  });

  it('reports a message only to those who take such reports', () => {
    const { journal, receive } = receiverOf(json());
    const received = jest.spyOn(journal, 'received');
    receive('a', '1');
    journal.interest.takes.received = false;
    receive('a', '2');
    expect(received.mock.calls).toEqual([[{ kind: 'channel', name: 'app:a' }, 'app:a', 1, 1]]);
  });

  describe('of a frame', () => {
    it('hands on each event, in order, with a place in the queue of its own', () => {
      const { receiver, add, receive } = receiverOf(json());
      const held = new HeldHandler();
      const seen: unknown[] = [];
      add('Async.handle', ['a'], (event) => held.invoke(event));
      add('Sync.handle', ['a'], ({ payload }) => void seen.push(payload));
      receive('a', toJsonSequence(['"1"', '"2"', '"3"']));
      expect([seen, held.started]).toEqual([['1', '2', '3'], ['1']]);
      expect(receiver.receivedMessages).toBe(3);
    });

    it('rejects what does not decode alone, and keeps its bytes', async () => {
      const { journal, add, receive } = receiverOf(json());
      add('One.handle', ['a'], () => undefined, { deadLetter: 'dead' });
      receive('a', toJsonSequence(['1', '{"half":', '3']));
      await settled();
      // A handler with a dead letter is called a turn later.
      expect(journal.lines.toSorted()).toEqual([
        'handled 1',
        'handled 3',
        'letter on dead',
        'rejected a PayloadDecodeError',
      ]);
      const { base64 = '' } = journal.letters[0]?.letter.event ?? {};
      expect(Buffer.from(base64, 'base64').toString()).toBe('{"half":\n');
    });

    it.each([
      ['ASCII', ['1', '{"half":'], [9]],
      ['other characters', ['"ä"', '{"hälf":', '"\u{1F600}"', '\u{1F600}'], [10, 5]],
    ])('that arrives as text, of %s, has events of as many bytes as were sent', (_what, records, bytes) => {
      const { journal, receiver, add } = receiverOf(json());
      add('One.handle', ['a'], () => undefined, { deadLetter: 'dead' });
      const through = { kind: 'channel', name: 'app:a' } as const;
      receiver.receive({ through, channel: 'app:a', body: toJsonSequence(records) });
      expect(journal.letters.map(({ letter }) => letter.event.bytes)).toEqual(bytes);
      expect(receiver.receivedMessages).toBe(records.length);
    });

    it('that is too large refuses all of it at once', () => {
      const { journal, add, receive } = receiverOf(json(), 10);
      add('One.handle', ['a'], () => undefined);
      receive('a', toJsonSequence(['"1234"', '"5678"']));
      expect(journal.lines).toEqual(['rejected a PayloadTooLargeError']);
    });

    it('counts the numbers of each event', () => {
      const codec = cloudEvents({ source: '/x' });
      const { journal, gaps, add, receive } = receiverOf(codec, 10_000);
      add('One.handle', ['a'], () => undefined);
      const stamped = [1, 2, 5].map(
        (sequence) => codec.stamp?.(codec.encode(1, 'a'), { publisher: 'p', sequence }) ?? '',
      );
      receive('a', toJsonSequence(stamped));
      gaps.flush();
      expect(journal.gaps).toMatchObject([{ reason: 'events-missed', missed: 2 }]);
    });

    it('with more records than are handed on in a turn lets the event loop go on, and nothing overtakes it', async () => {
      const { receiver, add, receive } = receiverOf(json(), 1_000_000);
      const seen: string[] = [];
      const perTurn: number[] = [];
      add('One.handle', ['a', 'b'], ({ channel, payload }) => void seen.push(`${channel}${String(payload)}`));
      receive('a', toJsonSequence(Array.from({ length: 10_000 }, (_, n) => String(n))));
      receive('b', '10000');
      receive('a', toJsonSequence(['10001', '10002']));
      receive('a', 'no JSON');
      receive('a', '10003');
      for (let before = 0; !receiver.isIdle; before = seen.length) {
        perTurn.push(seen.length - before);
        await turn();
      }
      expect(seen).toEqual(Array.from({ length: 10_004 }, (_, n) => `${n === 10_000 ? 'b' : 'a'}${n}`));
      expect(Math.max(...perTurn)).toBe(RECORDS_PER_TURN);
      expect(receiver.receivedMessages).toBe(10_005);
    });

    it('goes to those who had asked for it when it came, as long as they want it', async () => {
      const { plan, receiver, add, receive } = receiverOf(json(), 1_000_000);
      const seen = { first: 0, second: 0, third: 0 };
      add('First.handle', ['a'], () => void (seen.first += 1));
      const second = add('Second.handle', ['a'], () => void (seen.second += 1));
      receive('a', toJsonSequence(Array.from({ length: 5_000 }, (_, n) => String(n))));
      add('Third.handle', ['a'], () => void (seen.third += 1));
      plan.remove(second);
      await receiver.whenIdle();
      expect(seen).toEqual({ first: 5_000, second: RECORDS_PER_TURN, third: 0 });
    });

    it('is counted in full, and its count goes on with what comes behind it', async () => {
      const codec = cloudEvents({ source: '/x' });
      const { journal, gaps, receiver, add, receive } = receiverOf(codec, 10_000_000);
      add('One.handle', ['a'], () => undefined);
      const stamped = (sequence: number) =>
        codec.stamp?.(codec.encode(1, 'a'), { publisher: 'p', sequence }) ?? '';
      receive('a', toJsonSequence(Array.from({ length: 2_000 }, (_, n) => stamped(n + 1))));
      receive('a', String(stamped(2_003)));
      await receiver.whenIdle();
      gaps.flush();
      expect(journal.gaps).toMatchObject([{ reason: 'events-missed', missed: 2 }]);
    });

    it('with more records than are read is one unreadable message, counted by its records', async () => {
      const { journal, receiver, add, receive } = receiverOf(json(), 1024 * 1024);
      let calls = 0;
      add('One.handle', ['a'], () => void (calls += 1), { deadLetter: 'dead' });
      const rejected: unknown[] = [];
      Object.assign(journal, { rejected: (...args: unknown[]) => void rejected.push(args) });
      const body = '\u001Enull'.repeat(209_715);
      receive('a', body);
      await settled();
      expect([calls, receiver.isIdle, receiver.receivedMessages]).toEqual([0, true, 209_715]);
      expect(rejected).toEqual([
        ['a', expect.objectContaining({ message: expect.stringContaining('209715 events') }), 209_715],
      ]);
      expect(journal.letters).toMatchObject([{ letter: { event: { bytes: body.length }, attempts: 0 } }]);
    });

    it('has room for as many of the smallest objects as 1 MiB takes', async () => {
      const { receiver, add, receive } = receiverOf(json(), 1024 * 1024);
      let calls = 0;
      add('One.handle', ['a'], () => void (calls += 1));
      receive('a', '\u001E{"n":1}\n'.repeat(116_508));
      await receiver.whenIdle();
      expect(calls).toBe(116_508);
    });

    it('is bounded also where its codec cannot count', () => {
      const { frames, ...codec } = json();
      const uncounted = { ...(frames as EventFrames), count: () => 0 };
      const { journal, add, receive } = receiverOf({ ...codec, frames: uncounted }, 1024 * 1024);
      add('One.handle', ['a'], () => undefined);
      receive('a', '\u001E1'.repeat(131_073));
      expect(journal.lines).toEqual(['rejected a PayloadDecodeError']);
    });

    it('is handed on no further once the receiver is closed, which names what was left', async () => {
      const { receiver, journal, add, receive } = receiverOf(json(), 1_000_000);
      add('One.handle', ['a'], () => undefined);
      receive('a', toJsonSequence(Array.from({ length: RECORDS_PER_TURN + 7 }, (_, n) => String(n))));
      receive('a', '1');
      expect(receiver.close()).toEqual([{ handler: 'One.handle', running: 0, waiting: 8 }]);
      await turn();
      expect(journal.lines).toHaveLength(RECORDS_PER_TURN);
    });

    it.each(['raw', 'key events'])('is nothing that %s know of', (what) => {
      const { add, receiver } = receiverOf(what === 'raw' ? raw() : json());
      const seen: unknown[] = [];
      const channel = what === 'raw' ? 'app:a' : '__keyevent@0__:expired';
      const target = { kind: 'channel', name: channel } as const;
      add('One.handle', [what === 'raw' ? 'a' : channel], ({ payload }) => void seen.push(payload));
      const body = Buffer.from(toJsonSequence(['1', '2']));
      receiver.receive({ through: target, channel, body });
      expect(seen).toEqual([what === 'raw' ? body : { event: 'expired', key: String(body), db: 0 }]);
    });
  });

  it('takes nothing any more once it is closed', () => {
    const { receiver, journal, add, receive } = receiverOf(json());
    add('One.handle', ['a'], () => undefined);
    receive('a', '1');
    receiver.close();
    receive('a', '2');
    expect(journal.lines).toEqual(['handled 1']);
    expect(receiver.receivedMessages).toBe(1);
  });

  it('stays small whatever is sent to it: 100,000 channels of as many publishers', () => {
    let decoded = 0;
    const codec: EventCodec = {
      name: 'numbered',
      encode: String,
      stamp: (body) => body,
      decode: () => {
        decoded += 1;
        const stamp = { publisher: `publisher:${decoded}`, sequence: 1 };
        return { payload: decoded, metadata: NO_METADATA, stamp };
      },
    };
    const { receiver, journal, tracker, dispatcher, gaps, add, receive } = receiverOf(codec);
    const counts = { handled: 0, dropped: 0 };
    Object.assign(journal, {
      handled: () => void (counts.handled += 1),
      dropped: () => void (counts.dropped += 1),
    });
    const stuck = () => new Promise<void>(() => undefined);
    add('Quick.handle', ['*'], () => undefined);
    add('Stuck.handle', ['*'], stuck);
    const body = Buffer.from('1');
    for (let index = 0; index < 100_000; index += 1) receive(`channel:${index}`, body, '*');

    const left = 100_000 - 256 - 10_000;
    expect([decoded, counts]).toEqual([100_000, { handled: 100_000, dropped: left }]);
    expect([...dispatcher.snapshot().values()].map(({ running, waiting }) => [running, waiting])).toEqual([
      [0, 0],
      [256, 10_000],
    ]);
    expect(tracker?.size).toBe(10_000);
    // What runs and waits has a place in at most two turns of a queue, and every count one in its clock.
    const found = collectionsOf({ receiver, gaps, dispatcher });
    expect(found.length).toBeGreaterThan(10_000);
    expect(found.filter(({ size }) => size > 25_000)).toEqual([]);
  });
});
