import { Logger } from '@nestjs/common';
import { settled } from '../../../../test/support/eventually.js';
import { readTarget } from '../contracts/contract.target.js';
import type { EventHandler } from '../dispatching/event.handler.js';
import { StartupError } from '../errors.js';
import type { Gap } from '../gaps/gap.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import type {
  EventTransport,
  OutgoingMessage,
  SettledListener,
  SubscribeOutcome,
  SubscriptionInfo,
  SubscriptionTarget,
  TransportListener,
  TransportState,
} from '../transports/event.transport.js';
import type { EventBusModuleOptions } from './event-bus.options.js';
import { resolveSettings } from './event-bus.options.js';
import { EventBusRuntime } from './event-bus.runtime.js';
import { EventBusSession } from './event-bus.session.js';

/** Opened by the test. */
class Gate {
  open!: () => void;
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

/** A transport that connects, and answers for subscriptions, when the test says so. */
class HeldTransport implements EventTransport {
  readonly name = 'pigeon';
  readonly address = 'loft:1';
  readonly capabilities = { shard: false };
  state: TransportState = { status: 'connecting', reason: 'it is asleep' };
  readonly link = new Gate();
  readonly answer = new Gate();
  /** By the name of the target. */
  readonly refusals = new Map<string, Error>();
  readonly unsubscribed: string[] = [];
  unsubscribeError: Error | undefined;
  closeError: Error | undefined;
  connects = 0;
  closes = 0;

  constructor(private readonly listener: TransportListener) {}

  async connect(): Promise<void> {
    this.connects += 1;
    await this.link.opened;
    this.state = { status: 'ready' };
    this.listener.state(this.state);
  }

  publish(messages: readonly OutgoingMessage[], settle: SettledListener): void {
    messages.forEach((_message, index) => settle(index, { subscriptions: 1 }));
  }

  async subscribe(targets: readonly SubscriptionTarget[]): Promise<readonly SubscribeOutcome[]> {
    await this.answer.opened;
    this.listener.confirmed(targets.filter(({ name }) => !this.refusals.has(name)));
    return targets.map((target) => ({ target, error: this.refusals.get(target.name) }));
  }

  async unsubscribe(targets: readonly SubscriptionTarget[]): Promise<void> {
    if (this.unsubscribeError !== undefined) throw this.unsubscribeError;
    this.unsubscribed.push(...targets.map(({ name }) => name));
    this.listener.released(targets);
  }

  subscriptions(): readonly SubscriptionInfo[] {
    return [];
  }

  async close(): Promise<void> {
    this.closes += 1;
    if (this.closeError !== undefined) throw this.closeError;
  }

  deliver(channel: string): void {
    this.listener.message({ through: { kind: 'channel', name: channel }, channel, body: Buffer.from('1') });
  }
}

const handlerOn = (channel: string, invoke: EventHandler['invoke'] = () => undefined): EventHandler => ({
  name: `Orders.${channel}`,
  targets: [readTarget(channel, new ChannelPrefix(''))],
  invoke,
});

/** Time enough for whatever is to be over, in tests where it never comes. */
const SOON_MS = 20;

describe('EventBusSession', () => {
  beforeEach(() => Logger.overrideLogger(false));
  afterEach(() => Logger.overrideLogger(['log', 'error', 'warn']));

  const open: EventBusSession[] = [];
  afterEach(async () => {
    for (const session of open.splice(0)) await session.abandon();
  });

  function create(options: Partial<EventBusModuleOptions> = {}) {
    let transport!: HeldTransport;
    const factory = {
      name: 'pigeon',
      problems: [],
      create: (listener: TransportListener) => (transport = new HeldTransport(listener)),
    };
    const warnings: string[] = [];
    const gaps: Gap[] = [];
    const observers = [{ warned: ({ sentence }: { sentence: string }) => void warnings.push(sentence) }];
    const runtime = new EventBusRuntime(
      resolveSettings({ transport: factory, observers, ...options }, 'default'),
      factory,
    );
    runtime.status.gaps.subscribe((gap) => gaps.push(gap));
    const session = new EventBusSession(runtime);
    open.push(session);
    return { session, runtime, transport, warnings, gaps };
  }

  /** With its connection, and no handler. */
  async function started(options: Partial<EventBusModuleOptions> = {}) {
    const all = create(options);
    all.transport.link.open();
    await all.session.connect();
    all.transport.answer.open();
    await all.session.subscribe([]);
    return all;
  }

  const reject = (promise: Promise<unknown>): Promise<Error> =>
    promise.then(
      () => Promise.reject(new Error('It did not reject.')),
      (error: Error) => error,
    );

  describe('at the start', () => {
    it('is ready once the broker has confirmed every subscription, and not before', async () => {
      const { session, runtime, transport } = create();
      transport.link.open();
      await session.connect();
      let isSubscribed = false;
      const subscribing = session.subscribe([handlerOn('a')]).then(() => (isSubscribed = true));
      await settled();
      expect([isSubscribed, runtime.status.current]).toEqual([false, 'connecting']);
      transport.answer.open();
      await subscribing;
      expect(runtime.status.current).toBe('ready');
    });

    it('fails without a connection in time, says why there is none, and leaves nothing open', async () => {
      const { session, runtime, transport } = create({ startup: { timeoutMs: SOON_MS } });
      const error = await reject(session.connect());
      expect(error).toBeInstanceOf(StartupError);
      expect(error.message).toContain(
        `No connection to pigeon at loft:1 within ${SOON_MS} ms (it is asleep).`,
      );
      expect([transport.closes, runtime.status.current]).toEqual([1, 'closed']);
    });

    it('fails without an answer in time, and leaves nothing open', async () => {
      const { session, transport } = create({ startup: { timeoutMs: SOON_MS } });
      transport.link.open();
      await session.connect();
      const error = await reject(session.subscribe([handlerOn('a')]));
      expect(error.message).toContain('pigeon at loft:1 did not confirm every subscription');
      expect(transport.closes).toBe(1);
    });

    it('fails where the broker refuses a subscription, and names whose it is', async () => {
      const { session, transport } = create();
      transport.link.open();
      await session.connect();
      transport.refusals.set('b', new Error('no access to b'));
      transport.answer.open();
      const error = await reject(session.subscribe([handlerOn('a'), handlerOn('b')]));
      expect(error).toBeInstanceOf(StartupError);
      expect(error.message).toBe('no access to b (handlers: Orders.b)');
      expect(transport.closes).toBe(1);
    });

    it('fails where another bus could not start, whatever it is at', async () => {
      const { session, transport } = create({ startup: { timeoutMs: SOON_MS, onFailure: 'retry' } });
      const connecting = reject(session.connect());
      await session.abandon();
      const starts = [reject(session.connect()), reject(session.subscribe([handlerOn('a')]))];
      for (const error of await Promise.all([connecting, ...starts])) {
        expect(error).toBeInstanceOf(StartupError);
        expect(error.message).toContain('this bus or another one of the application');
      }
      expect(transport.connects).toBe(1);
    });
  });

  describe("with onFailure: 'retry'", () => {
    const retrying = { startup: { timeoutMs: SOON_MS, onFailure: 'retry' } } as const;

    it('starts degraded without a connection, is ready with it, and reports what it may have missed', async () => {
      const { session, runtime, transport, warnings, gaps } = create(retrying);
      await session.connect();
      await session.subscribe([handlerOn('a')]);
      expect([runtime.status.current, warnings]).toEqual([
        'degraded',
        ['Event bus starts degraded and keeps trying'],
      ]);
      transport.link.open();
      transport.answer.open();
      await runtime.status.whenReady();
      expect(gaps).toMatchObject([{ reason: 'started-late', targets: ['a'] }]);
    });

    it('goes on where the broker refuses a subscription', async () => {
      const { session, transport, warnings } = create(retrying);
      transport.link.open();
      await session.connect();
      transport.refusals.set('a', new Error('no access to a'));
      transport.answer.open();
      await session.subscribe([handlerOn('a')]);
      expect([transport.closes, warnings]).toEqual([0, ['Event bus starts degraded and keeps trying']]);
    });

    it('keeps handlers that came later, whose subscriptions are refused', async () => {
      const { session, runtime, transport } = await started(retrying);
      transport.refusals.set('a', new Error('no access to a'));
      await session.subscribeLater([handlerOn('a')]);
      expect(runtime.registry.handlers.map(({ name }) => name)).toEqual(['Orders.a']);
    });
  });

  describe('with handlers that come after the start', () => {
    it('goes on without all of them where one is refused', async () => {
      const { session, runtime, transport } = await started();
      transport.refusals.set('b', new Error('no access to b'));
      const error = await reject(session.subscribeLater([handlerOn('a'), handlerOn('b')]));
      expect(error.message).toBe('no access to b (handlers: Orders.b)');
      expect([runtime.registry.handlers, transport.closes, runtime.status.current]).toEqual([[], 0, 'ready']);
      expect(transport.unsubscribed).toContain('a');
    });

    it('takes none while it ends', async () => {
      const { session, runtime } = await started();
      await session.drain();
      await session.subscribeLater([handlerOn('a')]);
      expect(runtime.registry.handlers).toEqual([]);
    });
  });

  describe('at the end', () => {
    /** With a handler that has an event, and ends when the test says so. */
    async function busy(options: Partial<EventBusModuleOptions> = {}) {
      const all = await started(options);
      const call = new Gate();
      await all.session.subscribeLater([handlerOn('a', () => call.opened)]);
      all.transport.deliver('a');
      return { ...all, call };
    }

    it('takes nothing in, and waits for its handlers', async () => {
      const { session, transport, call } = await busy();
      let isDrained = false;
      const draining = session.drain().then((unfinished) => {
        isDrained = true;
        return unfinished;
      });
      await settled();
      expect([isDrained, transport.unsubscribed]).toEqual([false, ['a']]);
      call.open();
      expect(await draining).toEqual([]);
    });

    it('returns what is not finished when its time is over', async () => {
      const { session, transport, warnings } = await busy({ shutdown: { drainTimeoutMs: SOON_MS } });
      transport.deliver('a');
      const unfinished = await session.drain();
      expect(unfinished).toEqual([{ handler: 'Orders.a', running: 1, waiting: 1 }]);
      session.warnOfUnfinished(unfinished);
      expect(warnings).toEqual(['Shutdown did not wait for all handlers']);
    });

    it('closes where the transport cannot unsubscribe, and says why', async () => {
      const { session, transport } = await busy();
      transport.unsubscribeError = new Error('cannot unsubscribe');
      expect(await reject(session.drain())).toBe(transport.unsubscribeError);
      expect(transport.closes).toBe(1);
    });

    it('closes once', async () => {
      const { session, runtime, transport } = await started();
      await Promise.all([session.close(), session.close(), session.abandon()]);
      expect([transport.closes, runtime.status.current]).toEqual([1, 'closed']);
    });

    it('is closed also where the transport cannot be', async () => {
      const { session, runtime, transport } = await started();
      transport.closeError = new Error('cannot close');
      expect(await reject(session.close())).toBe(transport.closeError);
      expect(runtime.status.current).toBe('closed');
      await session.abandon();
    });

    it('aborts what handlers do when it is abandoned', async () => {
      const { session, transport } = await started();
      const signals: AbortSignal[] = [];
      const waits = handlerOn('a', ({ signal }) => {
        signals.push(signal);
        return new Promise(() => undefined);
      });
      await session.subscribeLater([waits]);
      transport.deliver('a');
      await session.abandon();
      expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    });
  });
});
