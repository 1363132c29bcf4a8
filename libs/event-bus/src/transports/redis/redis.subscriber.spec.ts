import { EventEmitter } from 'node:events';
import { jest } from '@jest/globals';
import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import type { TransportListener } from '../event.transport.js';
import type { RedisConnection } from './redis.connection.js';
import { RedisSubscriber } from './redis.subscriber.js';

const channel = (name: string): SubscriptionTarget => ({ kind: 'channel', name });
const pattern = (name: string): SubscriptionTarget => ({ kind: 'pattern', name });
const [a, b] = [channel('a'), channel('b')];

interface Sent {
  readonly command: string;
  /** The server's answer, at its place in the byte stream. */
  confirm(): void;
  refuse(message?: string): void;
}

/** A connection whose server answers when the test says so. */
class FakeConnection {
  readonly redis = new EventEmitter();
  readonly sent: Sent[] = [];
  isUp = true;
  private readonly dying: ((error: Error) => void)[] = [];

  send(name: string, args: readonly string[], answered: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.dying.push(reject);
      this.sent.push({
        command: [name, ...args].join(' '),
        confirm: () => {
          answered();
          resolve();
        },
        refuse: (message = 'NOPERM') => reject(Object.assign(new Error(message), { name: 'ReplyError' })),
      });
    });
  }

  die(subscriber: RedisSubscriber): void {
    this.isUp = false;
    for (const reject of this.dying.splice(0)) reject(new Error('the link is gone'));
    subscriber.suspend();
  }

  comeBack(subscriber: RedisSubscriber): void {
    this.isUp = true;
    subscriber.resume();
  }

  /** The command that was sent next. */
  next(): Sent {
    const sent = this.sent.shift();
    if (sent === undefined) throw new Error('Nothing was sent.');
    return sent;
  }

  message(name: string, body = 'x'): void {
    this.redis.emit('messageBuffer', Buffer.from(name), Buffer.from(body));
  }
}

function start() {
  const connection = new FakeConnection();
  const calls: string[] = [];
  const note = (call: string) => (targets: readonly SubscriptionTarget[]) => {
    calls.push(`${call} ${targets.map(({ name }) => name).join(' ')}`);
  };
  const listener: TransportListener = {
    message: (target, name, body) => calls.push(`message ${target.name} ${name} ${body.toString()}`),
    confirmed: note('confirmed'),
    released: note('released'),
    resumed: ({ reason, targets }) => note(`resumed after ${reason}:`)(targets),
    sendable: () => undefined,
    state: () => undefined,
    warned: () => undefined,
  };
  const subscriber = new RedisSubscriber(connection as unknown as RedisConnection, listener, () => undefined);
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
    expect(calls).toEqual(['confirmed a b', 'confirmed p*', 'released a b p*']);
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
    expect(calls).toEqual(['confirmed a b', 'released a b']);
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

  it('asks and unsubscribes in commands of at most 500 names', () => {
    const { connection, subscriber } = start();
    const targets = Array.from({ length: 1_001 }, (_, index) => channel(String(index)));
    void subscriber.subscribe(targets);
    const lengths = () => connection.sent.splice(0).map(({ command }) => command.split(' ').length - 1);
    expect(lengths()).toEqual([500, 500, 1]);
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
      resumed: fail,
      sendable: fail,
      state: fail,
      warned: fail,
    };
    const subscriber = new RedisSubscriber(
      connection as unknown as RedisConnection,
      listener,
      () => undefined,
    );
    void subscriber.subscribe([a]);
    connection.next().confirm();
    connection.message('a');
    connection.die(subscriber);
    expect(subscriber.subscriptions()).toEqual([{ target: a, state: 'lost' }]);
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
      expect(subscriber.isWhole).toBe(false);
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
        expect(subscriber.isWhole).toBe(false);
        jest.advanceTimersByTime(1);
        expect(connection.sent).toHaveLength(1);
        expect(subscriber.isWhole).toBe(false);
      }
      connection.next().confirm();
      expect(states()).toEqual(['a active']);
      expect(subscriber.isWhole).toBe(true);
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
      expect(subscriber.isWhole).toBe(true);
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
});
