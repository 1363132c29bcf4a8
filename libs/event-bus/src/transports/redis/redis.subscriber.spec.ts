import { setImmediate as turn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { FakeConnection } from '../../../../../test/support/fake.connection.js';
import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import { TargetMap } from '../target.map.js';
import { InTurnListener } from '../in-turn.listener.js';
import type { SubscriptionListener } from './delivery.gate.js';
import { RedisSubscriber } from './redis.subscriber.js';

const channel = (name: string): SubscriptionTarget => ({ kind: 'channel', name });
const pattern = (name: string): SubscriptionTarget => ({ kind: 'pattern', name });
const [a, b] = [channel('a'), channel('b')];

const SILENT: SubscriptionListener = {
  message: () => undefined,
  confirmed: () => undefined,
  released: () => undefined,
  denied: () => undefined,
  resumed: () => undefined,
};

/** What the parts of a subscriber and a plan that hears of it have contradicted each other in, after any step. */
const disagreements: string[] = [];
const checks: (() => void)[] = [];

afterEach(() => {
  for (const check of checks.splice(0)) check();
  expect(disagreements.splice(0)).toEqual([]);
});

function start() {
  const connection = new FakeConnection();
  const calls: string[] = [];
  const confirmed = new TargetMap<true>();
  const check = () => {
    const found = subscriber.disagreements({
      states: () => confirmed.targets().map((target) => ({ target, phase: 'live' })),
    });
    disagreements.push(...found);
  };
  checks.push(check);
  let isFullySubscribed = true;
  const note = (call: string) => (targets: readonly SubscriptionTarget[]) => {
    for (const target of targets) {
      if (call === 'confirmed') confirmed.set(target, true);
      if (call === 'released') confirmed.delete(target);
    }
    calls.push(`${call} ${targets.map(({ name }) => name).join(' ')}`);
  };
  const listener: SubscriptionListener = {
    message: ({ through, channel, body }) =>
      calls.push(`message ${through.name} ${channel} ${body.toString()}`),
    confirmed: note('confirmed'),
    released: note('released'),
    denied: note('denied'),
    resumed: ({ reason, targets }) => note(`resumed after ${reason}:`)(targets),
  };
  const subscriber: RedisSubscriber = new RedisSubscriber(connection, listener, () => {
    check();
    const next = subscriber.isFullySubscribed;
    if (next !== isFullySubscribed) calls.push(next ? 'whole' : `not whole: ${subscriber.reason}`);
    isFullySubscribed = next;
  });
  const states = () => subscriber.subscriptions().map(({ target, state }) => `${target.name} ${state}`);
  return { connection, calls, subscriber, states };
}

/** Lets the promises of refused commands settle. */
const settle = async () => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

describe('RedisSubscriber', () => {
  it('passes on what comes between the confirmation and the answer to unsubscribe', async () => {
    const { connection, calls, subscriber } = start();
    const subscribed = subscriber.subscribe([a]);
    const subscribe = connection.next();
    connection.message('a', 'early');
    subscribe.confirm();
    connection.message('a', '1');
    expect(await subscribed).toEqual([{ target: a }]);

    const unsubscribed = subscriber.unsubscribe([a]);
    connection.message('a', '2');
    connection.next().confirm();
    connection.message('a', 'late');
    await unsubscribed;
    expect(calls).toEqual(['confirmed a', 'message a a 1', 'message a a 2', 'released a']);
  });

  it('drops what comes while a target is unsubscribed and asked for again', async () => {
    const { connection, calls, subscriber } = start();
    void subscriber.subscribe([a]);
    connection.next().confirm();
    const unsubscribed = subscriber.unsubscribe([a]);
    const again = subscriber.subscribe([a]);
    const [unsubscribe, subscribe] = [connection.next(), connection.next()];
    expect([unsubscribe.command, subscribe.command]).toEqual(['unsubscribe a', 'subscribe a']);
    connection.message('a', 'old');
    unsubscribe.confirm();
    connection.message('a', 'none');
    subscribe.confirm();
    connection.message('a', 'new');
    await Promise.all([unsubscribed, again]);
    expect(calls).toEqual(['confirmed a', 'released a', 'confirmed a', 'message a a new']);
  });

  it('takes the confirmation of a dropped request for nothing', async () => {
    const { connection, calls, subscriber, states } = start();
    const first = subscriber.subscribe([a]);
    const unsubscribed = subscriber.unsubscribe([a]);
    const second = subscriber.subscribe([a]);
    const [stale, unsubscribe, subscribe] = [connection.next(), connection.next(), connection.next()];
    expect((await first)[0]?.error?.message).toContain('unsubscribed meanwhile');
    stale.confirm();
    expect(states()).toEqual(['a pending']);
    connection.message('a', 'old');
    unsubscribe.confirm();
    await unsubscribed;
    subscribe.confirm();
    expect(await second).toEqual([{ target: a }]);
    expect(states()).toEqual(['a active']);
    expect(calls).toEqual(['confirmed a']);
  });

  it('hears on when an unsubscribe is refused after the target was confirmed again', async () => {
    const { connection, calls, subscriber } = start();
    void subscriber.subscribe([a]);
    connection.next().confirm();
    const unsubscribed = subscriber.unsubscribe([a]);
    void subscriber.subscribe([a]);
    const [unsubscribe, subscribe] = [connection.next(), connection.next()];
    // Both answers in one chunk: the promise of the refused one settles last.
    unsubscribe.refuse();
    subscribe.confirm();
    await unsubscribed;
    connection.message('a', 'new');
    expect(calls).toEqual(['confirmed a', 'released a', 'confirmed a', 'message a a new']);
  });

  it('stops passing on when an unsubscribe is refused', async () => {
    const { connection, calls, subscriber } = start();
    void subscriber.subscribe([a]);
    connection.next().confirm();
    const unsubscribed = subscriber.unsubscribe([a]);
    connection.next().refuse();
    await unsubscribed;
    connection.message('a', 'late');
    expect(calls).toEqual(['confirmed a', 'released a']);
  });

  it('releases everything that the lost link delivered, once', async () => {
    const { connection, calls, subscriber, states } = start();
    void subscriber.subscribe([a, b, pattern('p*')]);
    connection.next().confirm();
    connection.next().confirm();
    const unsubscribed = subscriber.unsubscribe([a]);
    connection.die(subscriber);
    await unsubscribed;
    expect(calls.slice(0, 3)).toEqual(['confirmed a b', 'confirmed p*', 'released a b p*']);
    expect(calls.join().match(/released/g)).toHaveLength(1);
    expect(states()).toEqual(['b lost', 'p* lost']);
  });

  it('asks for nothing that was unsubscribed while there was no link', async () => {
    const { connection, subscriber, calls } = start();
    void subscriber.subscribe([a, b]);
    connection.next().confirm();
    connection.die(subscriber);
    await subscriber.unsubscribe([a]);
    expect(connection.sent).toEqual([]);
    connection.comeBack(subscriber);
    expect(connection.next().command).toBe('subscribe b');
    expect(calls.slice(0, 2)).toEqual(['confirmed a b', 'released a b']);
  });

  it('waits for a link, and asks for all that was wanted meanwhile in one command', async () => {
    const { connection, subscriber } = start();
    connection.isUp = false;
    const subscribed = [subscriber.subscribe([a]), subscriber.subscribe([b, a])];
    expect(connection.sent).toEqual([]);
    connection.comeBack(subscriber);
    const sent = connection.next();
    expect(sent.command).toBe('subscribe a b');
    sent.confirm();
    expect((await Promise.all(subscribed)).flat()).toEqual([{ target: a }, { target: b }, { target: a }]);
  });

  it('asks in commands of at most 500 names, one in a turn of the event loop, and unsubscribes likewise', async () => {
    const { connection, subscriber } = start();
    const targets = Array.from({ length: 1_001 }, (_, index) => channel(String(index)));
    void subscriber.subscribe(targets);
    const lengths = () => connection.sent.splice(0).map(({ command }) => command.split(' ').length - 1);
    expect(lengths()).toEqual([500]);
    // Asking for more does not hurry it.
    void subscriber.subscribe([pattern('p*')]);
    expect(lengths()).toEqual([]);
    await turn();
    expect(lengths()).toEqual([500]);
    await turn();
    expect(lengths()).toEqual([1, 1]);
    void subscriber.unsubscribe(targets);
    expect(lengths()).toEqual([500, 500, 1]);
  });

  it('settles whoever waits when it is closed, and calls nobody from then on', async () => {
    const { connection, calls, subscriber } = start();
    const subscribed = subscriber.subscribe([a]);
    subscriber.close();
    expect((await subscribed)[0]?.error).toMatchObject({ code: 'EVENT_BUS_CLOSED' });
    connection.next().confirm();
    connection.message('a');
    subscriber.suspend();
    expect(calls).toEqual([]);
  });

  it('survives a listener that throws', () => {
    const connection = new FakeConnection();
    const fail = () => {
      throw new Error('a broken logger');
    };
    const listener = {
      message: fail,
      confirmed: fail,
      released: fail,
      denied: fail,
      resumed: fail,
      writable: fail,
      state: fail,
      warned: fail,
    };
    const subscriber = new RedisSubscriber(connection, new InTurnListener(listener), () => undefined);
    void subscriber.subscribe([a]);
    connection.next().confirm();
    connection.message('a');
    connection.die(subscriber);
    expect(subscriber.subscriptions()).toEqual([{ target: a, state: 'lost' }]);
  });

  it('asks for no more when the link goes between two turns, and for all of it on the next', async () => {
    const { connection, subscriber } = start();
    void subscriber.subscribe(Array.from({ length: 600 }, (_, index) => channel(String(index))));
    connection.die(subscriber);
    connection.sent.length = 0;
    await turn();
    expect(connection.sent).toEqual([]);
    connection.comeBack(subscriber);
    await turn();
    const asked = connection.sent.flatMap(({ command }) => command.split(' ').slice(1));
    expect(new Set(asked).size).toBe(600);
    expect(asked).toHaveLength(600);
  });

  describe('an interruption', () => {
    /** Subscribed and confirmed. */
    function holding(...targets: SubscriptionTarget[]) {
      const scene = start();
      void scene.subscriber.subscribe(targets);
      for (const { confirm } of scene.connection.sent.splice(0)) confirm();
      scene.calls.length = 0;
      return scene;
    }

    it('is told once, after the last confirmation and before all is well again', () => {
      const { connection, calls, subscriber } = holding(a, b, pattern('p*'));
      connection.die(subscriber);
      connection.comeBack(subscriber);
      connection.die(subscriber);
      connection.comeBack(subscriber);
      const [first, second] = connection.sent.splice(2);
      first?.confirm();
      second?.confirm();
      expect(calls).toEqual([
        'released a b p*',
        'not whole: subscriptions are not confirmed yet',
        'confirmed a b',
        'confirmed p*',
        'resumed after connection-lost: a b p*',
        'whole',
      ]);
    });

    it('begins when the last command was sent that the server answered, not when a message was read', async () => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'], now: 1_000 });
      const resumed = jest.fn();
      const connection = new FakeConnection();
      const subscriber = new RedisSubscriber(connection, { ...SILENT, resumed }, () => undefined);
      subscriber.resume();
      void subscriber.subscribe([a]);
      connection.next().confirm();
      jest.advanceTimersByTime(2_000 - Date.now());
      const answered = subscriber.ping();
      jest.advanceTimersByTime(2_500 - Date.now());
      connection.next().confirm();
      await answered;
      // From here on, the one that answers is the master no more.
      connection.isMaster = false;
      jest.advanceTimersByTime(2_800 - Date.now());
      const outdated = subscriber.ping();
      connection.next().confirm();
      await outdated;
      jest.advanceTimersByTime(3_000 - Date.now());
      const unanswered = subscriber.ping();
      connection.message('a');
      connection.die(subscriber);
      await expect(unanswered).rejects.toThrow('the link is gone');
      jest.advanceTimersByTime(4_000 - Date.now());
      connection.comeBack(subscriber);
      connection.sent.at(-1)?.confirm();
      jest.useRealTimers();
      expect(resumed.mock.calls).toEqual([
        [{ reason: 'connection-lost', targets: [a], fromMs: 2_000, toMs: 4_000 }],
      ]);
    });

    it('does not touch what was not active, nor what is asked for or dropped while there is no link', async () => {
      const { connection, calls, subscriber } = holding(a, b);
      void subscriber.subscribe([channel('pending')]);
      connection.die(subscriber);
      void subscriber.subscribe([channel('new')]);
      await subscriber.unsubscribe([b]);
      connection.comeBack(subscriber);
      const { command, confirm } = connection.sent.at(-1)!;
      expect(command).toBe('subscribe a pending new');
      confirm();
      expect(calls.at(-2)).toBe('resumed after connection-lost: a');
    });

    it('is not told of what everybody has left', async () => {
      const { connection, calls, subscriber } = holding(a);
      connection.die(subscriber);
      await subscriber.unsubscribe([a]);
      connection.comeBack(subscriber);
      expect(connection.sent).toEqual([]);
      expect(calls.at(-1)).toBe('whole');
      expect(calls.join()).not.toContain('resumed');
    });

    it('goes on for what is denied, and ends with its confirmation', async () => {
      const { connection, calls, subscriber } = holding(a, b);
      connection.die(subscriber);
      connection.comeBack(subscriber);
      connection.next().refuse();
      await settle();
      connection.next().refuse('NOPERM for a');
      connection.next().confirm();
      await settle();
      expect(calls.slice(2)).toEqual(['confirmed b', 'denied a', 'resumed after connection-lost: b']);
      expect(subscriber.reason).toContain('NOPERM for a');
      void subscriber.subscribe([a]);
      connection.next().confirm();
      expect(calls.slice(5)).toEqual(['confirmed a', 'resumed after subscription-denied: a', 'whole']);
      subscriber.close();
    });
  });

  describe('a heartbeat', () => {
    const unused = expect.stringMatching(/^unsubscribe heartbeat:[-0-9a-f]{36}$/);

    async function holding(...targets: SubscriptionTarget[]) {
      const scene = start();
      scene.subscriber.resume();
      void scene.subscriber.subscribe(targets);
      await turn();
      for (const { confirm } of scene.connection.sent.splice(0)) confirm();
      scene.calls.length = 0;
      /** A heartbeat whose answers count so many. */
      const beat = (...counts: number[]) => {
        const pinged = scene.subscriber.ping();
        for (const count of counts) scene.connection.next().confirm(count);
        return pinged;
      };
      return { ...scene, beat };
    }

    it('unsubscribes from a name that nobody uses, and from a shard channel where there are some', async () => {
      const { connection, subscriber, calls } = await holding(a);
      void subscriber.ping();
      expect(connection.sent.map(({ command }) => command)).toEqual([unused]);
      connection.next().confirm(1);
      void subscriber.subscribe([{ kind: 'shard', name: 's' }]);
      connection.next().confirm();
      const pinged = subscriber.ping();
      expect(connection.sent.map(({ command }) => command)).toEqual([
        unused,
        expect.stringMatching(/^sunsubscribe heartbeat:/),
      ]);
      connection.next().confirm(1);
      connection.next().confirm(1);
      await pinged;
      expect(calls).toEqual(['confirmed s']);
    });

    it('asks for everything again when the server holds less, while the rest goes on delivering', async () => {
      const { connection, calls, beat } = await holding(a, b);
      await beat(1);
      connection.message('b', 'still');
      const { command, confirm } = connection.next();
      expect(command).toBe('subscribe a b');
      confirm();
      connection.message('a', 'again');
      expect(calls).toEqual([
        'not whole: subscription-lost: the server has 1 channels and patterns, 1 too few',
        'message b b still',
        'confirmed a b',
        'resumed after subscription-lost: a b',
        'whole',
        'message a a again',
      ]);
      await beat(2);
      expect(connection.sent).toEqual([]);
    });

    it('does not take for lost what is being asked for', async () => {
      const { connection, calls, beat } = await holding(a, b);
      await beat(1);
      const again = connection.next();
      // One of them is still there, and is not counted twice for that.
      await beat(1);
      expect(connection.sent).toEqual([]);
      again.confirm();
      await beat(2);
      expect(connection.sent).toEqual([]);
      expect(calls.filter((call) => call.startsWith('resumed'))).toHaveLength(1);
    });

    it('notices lost shard channels by their own count', async () => {
      const { connection, beat } = await holding(a, { kind: 'shard', name: 's' });
      await beat(1, 0);
      expect(connection.sent.map(({ command }) => command)).toEqual(['subscribe a', 'ssubscribe s']);
    });

    it('does not mind what somebody else has subscribed to on our client', async () => {
      const { connection, calls, beat } = await holding(a);
      await beat(3);
      await beat(3);
      expect(connection.sent).toEqual([]);
      expect(calls).toEqual([]);
      await beat(2);
      expect(connection.next().command).toBe('subscribe a');
    });

    it('counts what was dropped before its confirmation until it is unsubscribed', async () => {
      const { connection, subscriber, calls } = await holding(a);
      void subscriber.subscribe([b]);
      const dropped = subscriber.unsubscribe([b]);
      const pinged = subscriber.ping();
      const [subscribe, unsubscribe, beat] = connection.sent.splice(0);
      subscribe?.confirm();
      unsubscribe?.confirm();
      beat?.confirm(1);
      await Promise.all([dropped, pinged]);
      expect(connection.sent).toEqual([]);
      expect(calls).toEqual([]);
    });

    it('knows that what could not be unsubscribed is still there', async () => {
      const { connection, subscriber, beat } = await holding(a, b);
      const dropped = subscriber.unsubscribe([b]);
      connection.next().refuse('NOPERM for unsubscribe');
      await dropped;
      await beat(2);
      expect(connection.sent).toEqual([]);
      await beat(1);
      const again = connection.next();
      expect(again.command).toBe('subscribe a');
      again.confirm();
      // It was that one which was lost, and nobody wants it back.
      await beat(1);
      expect(connection.sent).toEqual([]);
    });

    it('has the server told of what is dropped in the middle of a repair', async () => {
      const { connection, subscriber, calls, beat } = await holding(
        ...Array.from({ length: 501 }, (_, index) => channel(String(index))),
      );
      await beat(500);
      const last = channel('500');
      expect(connection.next().command).not.toContain(' 500');
      const dropped = subscriber.unsubscribe([last]);
      const { command, confirm } = connection.next();
      expect(command).toBe('unsubscribe 500');
      confirm();
      await dropped;
      connection.message('500', 'late');
      expect(calls.slice(1)).toEqual(['released 500']);
      await turn();
      expect(connection.sent).toEqual([]);
    });

    it('is answered by a refusal as well, and rejects when the link goes', async () => {
      const { connection, subscriber, calls } = await holding(a);
      const refused = subscriber.ping();
      connection.next().refuse('NOPERM for unsubscribe');
      await refused;
      const lost = subscriber.ping();
      connection.die(subscriber);
      await expect(lost).rejects.toThrow('the link is gone');
      expect(calls[0]).toBe('released a');
    });
  });

  describe('a denied target', () => {
    beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] }));
    afterEach(() => {
      jest.useRealTimers();
    });

    it('is named, and costs the others nothing', async () => {
      const { connection, subscriber, states } = start();
      const subscribed = subscriber.subscribe([a, b]);
      connection.next().refuse('NOPERM for one of them');
      await settle();
      const [first, second] = [connection.next(), connection.next()];
      expect([first.command, second.command]).toEqual(['subscribe a', 'subscribe b']);
      first.refuse('NOPERM for a');
      second.confirm();
      const outcomes = await subscribed;
      expect(outcomes[0]?.error).toMatchObject({ code: 'EVENT_BUS_SUBSCRIPTION_REFUSED', target: 'a' });
      expect(outcomes[1]).toEqual({ target: b });
      expect(states()).toEqual(['a denied', 'b active']);
      expect(subscriber.isFullySubscribed).toBe(false);
      subscriber.close();
    });

    it('is asked for again every 30 seconds, until it is confirmed', async () => {
      const { connection, subscriber, states } = start();
      void subscriber.subscribe([a]);
      for (let round = 0; round < 3; round += 1) {
        connection.next().refuse();
        await settle();
        jest.advanceTimersByTime(29_999);
        expect(connection.sent).toEqual([]);
        expect(subscriber.isFullySubscribed).toBe(false);
        jest.advanceTimersByTime(1);
        expect(connection.sent).toHaveLength(1);
        expect(subscriber.isFullySubscribed).toBe(false);
      }
      connection.next().confirm();
      expect(states()).toEqual(['a active']);
      expect(subscriber.isFullySubscribed).toBe(true);
      expect(jest.getTimerCount()).toBe(0);
    });

    it('is asked for again at once when somebody subscribes to it, and with a new link', async () => {
      const { connection, subscriber } = start();
      void subscriber.subscribe([a]);
      connection.next().refuse();
      await settle();
      const again = subscriber.subscribe([a]);
      connection.next().refuse();
      expect((await again)[0]?.error).toMatchObject({ code: 'EVENT_BUS_SUBSCRIPTION_REFUSED' });
      connection.die(subscriber);
      connection.comeBack(subscriber);
      expect(connection.next().command).toBe('subscribe a');
      subscriber.close();
    });

    it('is not asked for again when it is unsubscribed, nor when the bus is closed', async () => {
      const { connection, subscriber } = start();
      void subscriber.subscribe([a]);
      connection.next().refuse();
      await settle();
      await subscriber.unsubscribe([a]);
      expect(subscriber.isFullySubscribed).toBe(true);
      jest.advanceTimersByTime(60_000);
      expect(connection.sent).toEqual([]);

      void subscriber.subscribe([b]);
      connection.next().refuse();
      await settle();
      subscriber.close();
      expect(jest.getTimerCount()).toBe(0);
    });

    it('waits for a link when there is none at the time to try again', async () => {
      const { connection, subscriber } = start();
      void subscriber.subscribe([a]);
      connection.next().refuse();
      await settle();
      connection.die(subscriber);
      jest.advanceTimersByTime(30_000);
      expect(connection.sent).toEqual([]);
      connection.comeBack(subscriber);
      expect(connection.next().command).toBe('subscribe a');
    });
  });

  describe('a refusal that is no denial', () => {
    beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] }));
    afterEach(() => {
      jest.useRealTimers();
    });

    const REFUSALS = [
      'BUSY x',
      'LOADING x',
      'MASTERDOWN x',
      'CLUSTERDOWN x',
      'OOM x',
      'TRYAGAIN x',
      'ERR odd',
    ];

    it.each(REFUSALS)('is asked again soon, all in one, and nobody is denied: %s', async (refusal) => {
      const { connection, calls, subscriber } = start();
      void subscriber.subscribe([a, b]);
      connection.next().confirm();
      connection.die(subscriber);
      connection.comeBack(subscriber);
      calls.splice(0);
      connection.next().refuse(refusal);
      await settle();
      expect(connection.sent).toEqual([]);
      expect(subscriber.reason).toBe(refusal);
      jest.advanceTimersByTime(50);
      expect(connection.next().command).toBe('subscribe a b');
      expect(subscriber.isFullySubscribed).toBe(false);
    });

    it('is asked for later each time, and never later than a second', async () => {
      const { connection, calls, subscriber } = start();
      const subscribed = subscriber.subscribe([a]);
      for (const waitMs of [50, 100, 200, 400, 800, 1_000, 1_000]) {
        connection.next().refuse('BUSY x');
        await settle();
        jest.advanceTimersByTime(waitMs - 1);
        expect(connection.sent).toEqual([]);
        jest.advanceTimersByTime(1);
        expect(connection.sent).toHaveLength(1);
      }
      connection.next().confirm();
      expect(await subscribed).toEqual([{ target: a }]);
      expect(calls).toEqual(['not whole: BUSY x', 'confirmed a', 'whole']);
      connection.die(subscriber);
      connection.comeBack(subscriber);
      connection.next().refuse('BUSY x');
      await settle();
      jest.advanceTimersByTime(50);
      expect(connection.sent).toHaveLength(1);
      subscriber.close();
      expect(jest.getTimerCount()).toBe(0);
    });

    it('is asked for at once on a new link', async () => {
      const { connection, subscriber } = start();
      void subscriber.subscribe([a]);
      connection.next().refuse('BUSY x');
      await settle();
      connection.die(subscriber);
      connection.comeBack(subscriber);
      expect(connection.next().command).toBe('subscribe a');
      expect(jest.getTimerCount()).toBe(0);
    });

    it('is over when nobody wants the target any more', async () => {
      const { connection, subscriber } = start();
      void subscriber.subscribe([a]);
      connection.next().refuse('BUSY x');
      await settle();
      await subscriber.unsubscribe([a]);
      jest.advanceTimersByTime(50);
      expect(connection.sent).toEqual([]);
      expect(subscriber.isFullySubscribed).toBe(true);
      expect(jest.getTimerCount()).toBe(0);
    });
  });
});
