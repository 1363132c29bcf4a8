import { stampOf, windowSince } from '../clock.js';
import { NotConnectedError, PublishRefusedError, SubscriptionRefusedError } from '../errors.js';
import type {
  EventTransport,
  Interruption,
  OutgoingMessage,
  SettledListener,
  SubscribeOutcome,
  SubscriptionInfo,
  SubscriptionTarget,
  TransportLink,
  TransportListener,
  TransportState,
} from '../transports/event.transport.js';
import { settleAll } from '../transports/settled.messages.js';
import { TargetMap } from '../transports/target.map.js';
import type { FaultSwitch } from './fault.switch.js';

const CUT_OFF = 'a test has cut the connection';
/** Never published to: such names are reserved for Redis. */
const FENCE: SubscriptionTarget = { kind: 'channel', name: '__nestjs-redis-event-bus:fence' };
const DENIED = 'NOPERM a test denies this channel';

/** A transport between the bus and its real transport. It fails as {@link FaultSwitch} says. */
export class FaultyTransport implements EventTransport {
  readonly name: string;
  readonly address: string;
  readonly addressOption: string | undefined;
  readonly capabilities: EventTransport['capabilities'];
  readonly keyspace: EventTransport['keyspace'];
  readonly database: number | undefined;
  readonly claim: EventTransport['claim'];
  readonly inspect: EventTransport['inspect'];
  readonly links: EventTransport['links'];
  readonly ping: EventTransport['ping'];
  private readonly inner: EventTransport;
  private innerState: TransportState;
  /** Subscriptions that were reported as confirmed, and not released since. */
  private readonly delivering = new TargetMap<SubscriptionTarget>();
  /** Subscriptions that a fault interrupted, with the time of that by performance.now(). */
  private readonly interrupted = new TargetMap<number>();
  private whenUp: (() => void)[] = [];

  constructor(
    open: (listener: TransportListener) => EventTransport,
    private readonly listener: TransportListener,
    private readonly faults: FaultSwitch,
  ) {
    this.inner = open({
      message: (message) => {
        if (this.delivering.has(message.through)) listener.message(message);
      },
      confirmed: (targets) => this.confirm(targets.filter((target) => !this.isOut(target))),
      released: (targets) => {
        for (const target of targets) this.delivering.delete(target);
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
    const { name, address, addressOption, capabilities, keyspace, database } = inner;
    this.name = name;
    this.address = address;
    this.addressOption = addressOption;
    this.capabilities = capabilities;
    this.keyspace = keyspace;
    this.database = database;
    this.innerState = inner.state;
    this.claim = inner.claim && this.uncut(inner.claim.bind(inner));
    this.inspect = inner.inspect && this.uncut(inner.inspect.bind(inner));
    this.ping = inner.ping && this.uncut(inner.ping.bind(inner));
    this.links = inner.links && (() => this.seenLinks());
    faults.add(this);
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
    return outcomes.map(({ target, error }) => {
      const isDenied = error === undefined && this.faults.denies(target.name);
      const cause = new Error(DENIED);
      return { target, error: isDenied ? new SubscriptionRefusedError(target.name, { cause }) : error };
    });
  }

  async unsubscribe(targets: readonly SubscriptionTarget[]): Promise<void> {
    for (const target of targets) this.interrupted.delete(target);
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

  /** A fault has begun: interrupts the subscriptions that it affects. */
  interrupt(): void {
    const hit = this.delivering.values().filter((target) => this.isOut(target));
    const fromMs = performance.now();
    for (const target of hit) {
      this.delivering.delete(target);
      this.interrupted.set(target, fromMs);
    }
    if (hit.length > 0) this.listener.released(hit);
    const denied = hit.filter(({ name }) => this.faults.denies(name));
    if (denied.length > 0) this.listener.denied(denied, stampOf(fromMs));
    this.tellState();
  }

  /** Resolves when everything that the broker sent before has arrived: its reply to a subscription comes after that. */
  async fence(): Promise<void> {
    await this.inner.subscribe([FENCE]);
    await this.inner.unsubscribe([FENCE]);
  }

  /** A fault has ended: resumes the subscriptions that no other fault affects. */
  resume(reason: Interruption['reason']): void {
    const active = new TargetMap<SubscriptionTarget>();
    for (const { state, target } of this.inner.subscriptions()) {
      if (state === 'active' && !this.isOut(target)) active.set(target, target);
    }
    const back = active.values().filter((target) => this.interrupted.has(target));
    const fromMs = Math.min(...back.map((target) => this.interrupted.get(target) as number));
    for (const target of back) this.interrupted.delete(target);
    // Includes targets that were subscribed during the fault, and have not delivered yet.
    this.confirm(active.values().filter((target) => !this.delivering.has(target)));
    this.tellState();
    if (!this.faults.isCut) {
      this.listener.writable();
      for (const resolve of this.whenUp.splice(0)) resolve();
    }
    if (back.length > 0) this.listener.resumed({ reason, targets: back, ...windowSince(fromMs) });
  }

  private seenLinks(): readonly TransportLink[] {
    const links = this.inner.links?.() ?? [];
    return this.faults.isCut ? links.map((link) => ({ ...link, isUp: false })) : links;
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
    for (const target of targets) this.delivering.set(target, target);
    if (targets.length > 0) this.listener.confirmed(targets);
  }

  private tellState(): void {
    this.listener.state(this.state);
  }
}
