import { stampOf, windowSince } from '../clock.js';
import { NotConnectedError, PublishRefusedError, SubscriptionRefusedError } from '../errors.js';
import { targetKey } from '../routing/subscription-target.js';
import type {
  EventTransport,
  Interruption,
  KeyspaceNotifications,
  OutgoingMessage,
  SettledListener,
  SubscribeOutcome,
  SubscriptionInfo,
  SubscriptionTarget,
  TransportListener,
  TransportState,
} from '../transports/event.transport.js';
import { settleAll } from '../transports/settled.messages.js';
import type { FaultSwitch } from './fault.switch.js';

const CUT_OFF = 'a test has cut the connection';
/** Nobody publishes here: names like this belong to Redis. */
const FENCE = '__nestjs-redis-event-bus:fence';
const DENIED = 'NOPERM a test denies this channel';

/** A transport between the bus and its real one, which fails as {@link FaultSwitch} says. */
export class FaultyTransport implements EventTransport {
  readonly name: string;
  readonly claim: EventTransport['claim'];
  readonly inspect: EventTransport['inspect'];
  private readonly inner: EventTransport;
  private innerState: TransportState;
  /** Subscriptions that the bus was told are active, and not told are gone. */
  private readonly delivering = new Map<string, SubscriptionTarget>();
  /** What faults took away, and since when. */
  /** Since moments, see clock.ts. */
  private readonly interrupted = new Map<string, { target: SubscriptionTarget; fromMs: number }>();
  private whenUp: (() => void)[] = [];

  constructor(
    open: (listener: TransportListener) => EventTransport,
    private readonly listener: TransportListener,
    private readonly faults: FaultSwitch,
  ) {
    this.inner = open({
      message: (message) => {
        if (this.delivering.has(targetKey(message.through))) listener.message(message);
      },
      confirmed: (targets) => this.confirm(targets.filter((target) => !this.isOut(target))),
      released: (targets) => {
        for (const target of targets) this.delivering.delete(targetKey(target));
        listener.released(targets);
      },
      denied: (targets, sinceMs) => listener.denied(targets, sinceMs),
      resumed: (interruption) => listener.resumed(interruption),
      writable: () => {
        if (!faults.isCut) listener.writable();
      },
      state: (state) => {
        this.innerState = state;
        this.tellState();
      },
      warned: (warning) => listener.warned(warning),
    });
    const { inner } = this;
    this.name = inner.name;
    this.innerState = inner.state;
    this.claim = inner.claim && this.uncut(inner.claim.bind(inner));
    this.inspect = inner.inspect && this.uncut(inner.inspect.bind(inner));
    faults.add(this);
  }

  get address(): string {
    return this.inner.address;
  }

  get capabilities(): EventTransport['capabilities'] {
    return this.inner.capabilities;
  }

  get database(): number | undefined {
    return this.inner.database;
  }

  get keyspace(): KeyspaceNotifications | undefined {
    return this.inner.keyspace;
  }

  get state(): TransportState {
    if (this.innerState.status === 'closed' || this.innerState.status === 'connecting')
      return this.innerState;
    if (this.faults.isCut) return { status: 'degraded', reason: CUT_OFF };
    const isDenied = this.inner.subscriptions().some(({ target }) => this.isOut(target));
    return isDenied ? { status: 'degraded', reason: DENIED } : this.innerState;
  }

  connect(): Promise<void> {
    return this.inner.connect();
  }

  get batching(): EventTransport['batching'] {
    return this.inner.batching;
  }

  publish(messages: readonly OutgoingMessage[], settled: SettledListener): void | Promise<void> {
    if (this.faults.isCut) return settleAll(messages, settled, () => new NotConnectedError(CUT_OFF));
    const allowed: number[] = [];
    messages.forEach(({ channel }, index) => {
      if (!this.faults.denies(channel)) allowed.push(index);
      else settled(index, { error: new PublishRefusedError(channel, { cause: new Error(DENIED) }) });
    });
    return this.inner.publish(
      allowed.map((index) => messages[index] as OutgoingMessage),
      (position, outcome) => settled(allowed[position] as number, outcome),
    );
  }

  async subscribe(targets: readonly SubscriptionTarget[]): Promise<readonly SubscribeOutcome[]> {
    if (this.faults.isCut) await new Promise<void>((resolve) => this.whenUp.push(resolve));
    const outcomes = await this.inner.subscribe(targets);
    this.tellState();
    const denied = targets.filter(({ name }) => this.faults.denies(name));
    if (denied.length > 0) this.listener.denied(denied);
    return outcomes.map((outcome) =>
      outcome.error === undefined && this.faults.denies(outcome.target.name)
        ? {
            target: outcome.target,
            error: new SubscriptionRefusedError(outcome.target.name, { cause: new Error(DENIED) }),
          }
        : outcome,
    );
  }

  async unsubscribe(targets: readonly SubscriptionTarget[]): Promise<void> {
    for (const target of targets) this.interrupted.delete(targetKey(target));
    await this.inner.unsubscribe(targets);
    this.tellState();
  }

  subscriptions(): readonly SubscriptionInfo[] {
    return this.inner.subscriptions().map((info) => {
      if (this.faults.denies(info.target.name))
        return { target: info.target, state: 'denied', reason: DENIED };
      return this.faults.isCut && info.state === 'active' ? { target: info.target, state: 'lost' } : info;
    });
  }

  unwrap(): unknown {
    return this.inner.unwrap?.() ?? this.inner;
  }

  async close(): Promise<void> {
    this.faults.remove(this);
    for (const resolve of this.whenUp.splice(0)) resolve();
    await this.inner.close();
  }

  /** A fault has begun: takes away what it hits. */
  interrupt(): void {
    const hit = [...this.delivering.values()].filter((target) => this.isOut(target));
    const fromMs = performance.now();
    for (const target of hit) {
      this.delivering.delete(targetKey(target));
      this.interrupted.set(targetKey(target), { target, fromMs });
    }
    if (hit.length > 0) this.listener.released(hit);
    const denied = hit.filter(({ name }) => this.faults.denies(name));
    if (denied.length > 0) this.listener.denied(denied, stampOf(fromMs));
    this.tellState();
  }

  /** Resolves when everything has come that the broker sent before: its answer to a subscription is behind it. */
  async fence(): Promise<void> {
    const fence: SubscriptionTarget = { kind: 'channel', name: FENCE };
    await this.inner.subscribe([fence]);
    await this.inner.unsubscribe([fence]);
  }

  /** A fault is over: gives back what nothing holds up any more. */
  resume(reason: Interruption['reason']): void {
    const active = new Set(
      this.inner
        .subscriptions()
        .filter(({ state, target }) => state === 'active' && !this.isOut(target))
        .map(({ target }) => targetKey(target)),
    );
    const back = [...this.interrupted.values()].filter(({ target }) => active.has(targetKey(target)));
    for (const { target } of back) this.interrupted.delete(targetKey(target));
    // Also those that were subscribed to meanwhile, and never delivered.
    this.confirm(
      this.inner
        .subscriptions()
        .filter(({ target }) => active.has(targetKey(target)) && !this.delivering.has(targetKey(target)))
        .map(({ target }) => target),
    );
    this.tellState();
    if (!this.faults.isCut) {
      this.listener.writable();
      for (const resolve of this.whenUp.splice(0)) resolve();
    }
    if (back.length === 0) return;
    this.listener.resumed({
      reason,
      targets: back.map(({ target }) => target),
      ...windowSince(Math.min(...back.map(({ fromMs }) => fromMs))),
    });
  }

  private uncut<Args extends unknown[], T>(
    ask: (...args: Args) => Promise<T>,
  ): (...args: Args) => Promise<T> {
    return (...args) => (this.faults.isCut ? Promise.reject(new NotConnectedError(CUT_OFF)) : ask(...args));
  }

  private isOut(target: SubscriptionTarget): boolean {
    return this.faults.isCut || this.faults.denies(target.name);
  }

  private confirm(targets: readonly SubscriptionTarget[]): void {
    for (const target of targets) this.delivering.set(targetKey(target), target);
    if (targets.length > 0) this.listener.confirmed(targets);
  }

  private tellState(): void {
    this.listener.state(this.state);
  }
}
