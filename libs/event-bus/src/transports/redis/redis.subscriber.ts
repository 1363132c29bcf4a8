import { randomUUID } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { stampOf, windowSince } from '../../clock.js';
import { BusClosedError, SubscriptionRefusedError } from '../../errors.js';
import type { SubscriptionKind, SubscriptionTarget } from '../../routing/subscription-target.js';
import type {
  SubscribeOutcome,
  SubscriptionInfo,
  SubscriptionState,
  TransportListener,
} from '../event.transport.js';
import { setImmediate } from '../real.time.js';
import { InterruptionTracker } from '../interruption.tracker.js';
import type { InterruptionCause } from '../interruption.tracker.js';
import type { SubscriptionRequest } from '../subscription-table.js';
import { SubscriptionTable } from '../subscription-table.js';
import { OUTPUT_BUFFER_HINT } from './blocked.loop.js';
import { OddReplyError } from './odd.reply.js';
import type { RedisConnection } from './redis.connection.js';
import { explainRefusal, isReplyError } from './redis.errors.js';
import { SubscriptionAnswers } from './subscription.answers.js';
import { SubscriptionLedger } from './subscription.ledger.js';
import type { CountedSubscriptions } from './subscription.ledger.js';

const KINDS = ['channel', 'pattern', 'shard'] as const;
const SUBSCRIBE = { channel: 'subscribe', pattern: 'psubscribe', shard: 'ssubscribe' } as const;
const UNSUBSCRIBE = { channel: 'unsubscribe', pattern: 'punsubscribe', shard: 'sunsubscribe' } as const;

/** Names in one command: few round trips, and no command that keeps the server or this process busy for long. */
const NAMES_PER_COMMAND = 500;
/** Permissions change seldom, and every attempt leaves a line in the server's ACL log. */
const DENIED_RETRY_MS = 30_000;

/** Between two attempts at what the server has refused for the time being: at first, and at most. */
const POSTPONED_MS = 50;
const MAX_POSTPONED_MS = 1_000;
/** It will be refused until somebody changes something: permissions, the server, or the transport, which is not one of a Cluster. */
const DENIAL = /^(NOPERM|MOVED|ASK)\b|unknown command/i;

/** The server does not answer for the slot of this shard channel: another does, or none right now. */
const NOT_SERVED = /^(MOVED|ASK|CLUSTERDOWN|TRYAGAIN) /;
/** It answers for the slot no more. A node that says that the Cluster is down goes on serving what it has. */
const SLOT_GONE = /^(MOVED|ASK) /;

/** What it tells. Must throw nothing, see GuardedListener. */
export type SubscriptionListener = Pick<
  TransportListener,
  'message' | 'confirmed' | 'released' | 'denied' | 'resumed'
>;

/** What it needs of its connection. */
export interface SubscriberConnection extends Pick<
  RedisConnection,
  'isUp' | 'wasBlocked' | 'send' | 'confirmMaster' | 'prove'
> {
  readonly redis: Pick<EventEmitter, 'on'>;
}

/** How shard channels are spread over the nodes of a Cluster. */
export interface ShardRouting {
  /** Those that wait for an answer, whichever node gives it. */
  readonly answers: SubscriptionAnswers;
  slotOf(name: string): number;
  /** A name in the slot of this one that nobody subscribes to. */
  unusedNameBeside(name: string): string;
  /**
   * This node does not serve them any more. They stay held and wanted until they are handed over.
   *
   * @param refusal what the node said to SSUBSCRIBE. Undefined when it has unsubscribed them by itself.
   */
  displaced(targets: readonly SubscriptionTarget[], refusal: string | undefined): void;
}

/** A subscription on its way from one node to another. */
export interface HandedOver {
  readonly target: SubscriptionTarget;
  /** Absent when it has never been active. */
  readonly cause?: InterruptionCause | undefined;
}

/** Keeps the wanted subscriptions confirmed on one connection, and passes on what they deliver. */
export class RedisSubscriber {
  private readonly table: SubscriptionTable;
  private readonly ledger = new SubscriptionLedger();
  private readonly interruptions = new InterruptionTracker();
  /** A name that nobody subscribes to: to unsubscribe from it changes nothing, and is answered with a count. */
  private readonly unusedName = `heartbeat:${randomUUID()}`;
  private readonly answers: SubscriptionAnswers;
  /**
   * What the broker delivers at this place of the byte stream, by the channel or glob that a delivery names; per
   * kind, so that a message costs one look-up.
   */
  private readonly delivering: Readonly<Record<SubscriptionKind, Map<string, SubscriptionTarget>>> = {
    channel: new Map(),
    pattern: new Map(),
    shard: new Map(),
  };
  /** performance.now() when the last command was sent whose answer proves that nothing was missing until then. */
  private soundAtMs = 0;
  private lossReason: string | undefined;
  private retryTimer: NodeJS.Timeout | undefined;
  /** Nothing is asked for until then. */
  private postponedTimer: NodeJS.Timeout | undefined;
  private postponements = 0;
  /** Why the server does not answer for what is wanted, for the time being. */
  private postponedReason: string | undefined;
  private isRequesting = false;
  private isClosed = false;

  constructor(
    private readonly connection: SubscriberConnection,
    private readonly listener: SubscriptionListener,
    /** Called when {@link isWhole} may have changed. */
    private readonly changed: () => void,
    /** Of a Cluster's shard channels: those of one command are in one slot, and may have to move. */
    private readonly routing?: ShardRouting,
  ) {
    this.table = new SubscriptionTable(routing && (({ name }) => routing.slotOf(name)));
    this.answers = routing?.answers ?? new SubscriptionAnswers();
    const { redis } = connection;
    redis.on('messageBuffer', (channel: Buffer, body: Buffer) => {
      this.deliver('channel', channel.toString(), channel, body);
    });
    redis.on('pmessageBuffer', (pattern: Buffer | string, channel: Buffer, body: Buffer) => {
      this.deliver('pattern', pattern.toString(), channel, body);
    });
    redis.on('smessageBuffer', (channel: Buffer, body: Buffer) => {
      this.deliver('shard', channel.toString(), channel, body);
    });
  }

  /** Every subscription that was answered once is confirmed now. */
  get isWhole(): boolean {
    return this.table.isWhole && this.postponedReason === undefined;
  }

  /** What keeps it from being whole. */
  get reason(): string {
    return (
      this.postponedReason ?? this.lossReason ?? this.table.denial ?? 'subscriptions are not confirmed yet'
    );
  }

  /** The link is live: asks for everything that is wanted. */
  resume(): void {
    this.soundAtMs = performance.now();
    this.requestWaiting();
    this.changed();
  }

  /** The link is gone, and with it everything that came through it. */
  suspend(): void {
    const targets = this.table.lose();
    const hint = this.connection.wasBlocked ? OUTPUT_BUFFER_HINT : undefined;
    this.interruptions.start(targets, { reason: 'connection-lost', fromMs: this.soundAtMs, hint });
    this.lossReason = undefined;
    this.askFreely();
    this.ledger.clear();
    this.released(KINDS.flatMap((kind) => [...this.delivering[kind].values()]));
    this.changed();
  }

  /** Resolves when the server has answered, whatever it said; its counts are compared with what it has confirmed. */
  async ping(): Promise<void> {
    const sentAtMs = performance.now();
    let isSound = true;
    const ask = async (command: string, name: string, kinds: CountedSubscriptions) => {
      const answered = (count: unknown) => {
        isSound = this.audit(kinds, Number(count)) && isSound;
      };
      await this.connection.send(command, [name], answered).catch((error: unknown) => {
        // A refusal is an answer as well, unless it says that the node has let go of the slot.
        if (!isReplyError(error)) throw error;
        isSound = !this.isUncounted(error) && isSound;
      });
    };
    const asked = [ask('unsubscribe', this.unusedName, 'channels and patterns')];
    const shard = this.ledger.someShard;
    if (shard !== undefined) {
      const name = this.routing?.unusedNameBeside(shard) ?? this.unusedName;
      asked.push(ask('sunsubscribe', name, 'shard channels'));
    }
    const [isMaster] = await Promise.all([this.connection.confirmMaster(), ...asked]);
    // Behind the back of a server that is the master no more, publishers may have gone to the new one.
    if (isSound && isMaster) this.soundAtMs = sentAtMs;
  }

  /** Holds them no more, without an end to their interruption: another connection goes on with them. */
  handOver(targets: readonly SubscriptionTarget[]): readonly HandedOver[] {
    const held = targets.filter((target) => this.table.stateOf(target) !== undefined);
    const handed = held.map((target) => ({ target, cause: this.causeOf(target) }));
    const told = held.filter((target) => this.table.drop(target));
    this.interruptions.dropped(held);
    this.released(held);
    if (this.connection.isUp) for (const kind of KINDS) void Promise.all(this.tellReleased(kind, told));
    this.answered();
    return handed;
  }

  /** Goes on with what another connection has handed over. */
  takeOver(handed: readonly HandedOver[]): void {
    for (const { target, cause } of handed) {
      if (this.table.hold(target)) this.released([target]);
      if (cause === undefined) continue;
      this.table.miss(target);
      this.interruptions.add([target], cause);
    }
    this.askAgain();
  }

  /** The server has unsubscribed this shard channel by itself, at this place of the byte stream. */
  unsubscribedByServer(name: string): void {
    this.ledger.remove('shard', [name]);
    const target = this.delivering.shard.get(name);
    if (target === undefined || this.isClosed) return;
    const lost = this.table.loseOne(target);
    this.interruptions.add(lost, { reason: 'subscription-lost', fromMs: this.soundAtMs });
    this.released([target]);
    this.changed();
    this.routing?.displaced([target], undefined);
  }

  /** Asks for what is wanted and has no answer. */
  askAgain(): void {
    this.requestWaiting();
    this.changed();
  }

  subscribe(targets: readonly SubscriptionTarget[]): Promise<readonly SubscribeOutcome[]> {
    const outcomes = Promise.all(targets.map((target) => this.hold(target)));
    this.requestWaiting();
    this.changed();
    return outcomes;
  }

  async unsubscribe(targets: readonly SubscriptionTarget[]): Promise<void> {
    // What is being repaired may still be delivered although it is lost.
    const told = targets.filter(
      (target) => this.table.drop(target) || this.delivering[target.kind].has(target.name),
    );
    for (const target of targets)
      this.answers.failed(target, () => new Error('it was unsubscribed meanwhile'));
    this.interruptions.dropped(targets);
    this.answered();
    // Without a link the broker delivers nothing, and what was dropped is not asked for on the next one.
    if (!this.connection.isUp) return;
    await Promise.all(KINDS.flatMap((kind) => this.tellReleased(kind, told)));
  }

  stateOf(target: SubscriptionTarget): SubscriptionState | undefined {
    return this.table.stateOf(target);
  }

  subscriptions(): readonly SubscriptionInfo[] {
    return this.table.list();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.retryTimer);
    this.askFreely();
    for (const { target } of this.table.list()) this.answers.failed(target, () => new BusClosedError());
  }

  /** Resolves when the broker has answered for this target. */
  private hold(target: SubscriptionTarget): Promise<SubscribeOutcome> {
    // It may still be on its way out: what comes before the new confirmation belongs to the old subscription.
    if (this.table.hold(target)) this.released([target]);
    const state = this.table.stateOf(target);
    if (state === 'active') return Promise.resolve({ target });
    if (state === 'denied') this.table.retry(target);
    return this.answers.next(target);
  }

  /** At most one full command in a turn of the event loop: ten thousand names in one go would hold up everything else. */
  private requestWaiting(): void {
    if (this.isRequesting || this.isClosed || !this.connection.isUp) return;
    if (this.postponedTimer !== undefined) return;
    for (let request = this.next(); request !== undefined; request = this.next()) {
      this.request(request);
      if (request.targets.length < NAMES_PER_COMMAND) continue;
      this.isRequesting = true;
      setImmediate(() => {
        this.isRequesting = false;
        this.requestWaiting();
      });
      return;
    }
  }

  private next(): SubscriptionRequest | undefined {
    return this.table.request(NAMES_PER_COMMAND);
  }

  private request(request: SubscriptionRequest): void {
    const names = request.targets.map((target) => target.name);
    this.connection
      .send(SUBSCRIBE[request.kind], names, () => this.confirmed(request))
      .catch((error: unknown) => {
        // Anything but an answer means that the link has gone, which suspend() deals with.
        if (isReplyError(error)) this.refused(request, error);
      });
  }

  private confirmed(request: SubscriptionRequest): void {
    if (this.isClosed) return;
    this.ledger.add(
      request.kind,
      request.targets.map(({ name }) => name),
    );
    if (this.postponedTimer === undefined) this.askFreely();
    const targets = this.table.confirm(request);
    if (targets.length === 0) return;
    for (const target of targets) this.delivering[target.kind].set(target.name, target);
    this.listener.confirmed(targets);
    for (const target of targets) this.answers.confirmed(target);
    this.interruptions.confirmed(targets);
    this.answered();
  }

  private refused(request: SubscriptionRequest, error: Error): void {
    if (this.isClosed) return;
    if (this.routing !== undefined && NOT_SERVED.test(error.message)) {
      this.routing.displaced(this.table.turnAway(request), error.message);
      return;
    }
    const reason = explainRefusal(error, request.targets[0]?.name);
    if (!DENIAL.test(error.message)) {
      this.postpone(request, reason);
      return;
    }
    for (const single of this.table.refuse(request, reason)) this.request(single);
    for (const target of request.targets) {
      if (this.table.stateOf(target) !== 'denied') continue;
      this.released([target]);
      this.interruptions.denied(target);
      const lostAtMs = this.interruptions.causeOf(target)?.fromMs;
      const sinceMs = lostAtMs === undefined ? undefined : stampOf(lostAtMs);
      this.listener.denied([target], sinceMs);
      this.answers.failed(target, () => new SubscriptionRefusedError(target.name, { cause: error, reason }));
      this.retryLater();
    }
    this.answered();
  }

  /** It says nothing of these targets that the server is busy, loads its data, or has lost its master: asks again soon. */
  private postpone(request: SubscriptionRequest, reason: string): void {
    this.table.turnAway(request);
    this.postponedReason = reason;
    if (this.postponedTimer === undefined) {
      const waitMs = Math.min(MAX_POSTPONED_MS, POSTPONED_MS * 2 ** this.postponements);
      this.postponements += 1;
      this.postponedTimer = setTimeout(() => {
        this.postponedTimer = undefined;
        if (!this.table.isWaiting) this.askFreely();
        this.askAgain();
      }, waitMs);
      this.postponedTimer.unref();
    }
    this.changed();
  }

  /** Nothing is postponed any more. */
  private askFreely(): void {
    clearTimeout(this.postponedTimer);
    this.postponedTimer = undefined;
    this.postponedReason = undefined;
    this.postponements = 0;
  }

  /** Some targets have their answer, or are wanted no more: that may have been the last that was missing. */
  private answered(): void {
    for (const interruption of this.interruptions.finish(performance.now())) {
      this.listener.resumed({ ...interruption, ...windowSince(interruption.fromMs) });
    }
    if (!this.interruptions.isWaiting) this.lossReason = undefined;
    this.changed();
  }

  /** True when nothing is missing at this place of the byte stream. */
  private audit(kinds: CountedSubscriptions, counted: number): boolean {
    // What is lost already is being asked for, and in the ledger again when it is confirmed.
    if (this.isClosed || this.interruptions.isWaiting) return false;
    const missing = this.ledger.audit(kinds, counted);
    if (missing === 0) return true;
    this.repair(`subscription-lost: the server holds ${counted} ${kinds}, ${missing} too few`);
    return false;
  }

  /**
   * Nobody can tell which ones are lost, so all are asked for again. Those that are not go on delivering meanwhile.
   */
  private repair(reason: string): void {
    const targets = this.table.lose();
    this.interruptions.start(targets, { reason: 'subscription-lost', fromMs: this.soundAtMs });
    this.lossReason = reason;
    this.ledger.clear();
    this.changed();
    this.requestWaiting();
  }

  /** The node does not count the shard channels right now; or no more, when their slot has gone. */
  private isUncounted(error: Error): boolean {
    if (this.routing === undefined || !NOT_SERVED.test(error.message)) return false;
    if (SLOT_GONE.test(error.message) && !this.isClosed && !this.interruptions.isWaiting) {
      this.repair('subscription-lost: its slot is gone');
    }
    return true;
  }

  private retryLater(): void {
    if (this.retryTimer !== undefined) return;
    this.retryTimer = setTimeout(() => {
      this.retryTimer = undefined;
      this.table.retryDenied();
      this.requestWaiting();
    }, DENIED_RETRY_MS);
    this.retryTimer.unref();
  }

  /** @param targets of every kind: those of this one are told to the server, in as many commands as it takes */
  private tellReleased(kind: SubscriptionKind, targets: readonly SubscriptionTarget[]): Promise<void>[] {
    const groups = new Map<number, SubscriptionTarget[]>();
    for (const target of targets) {
      if (target.kind !== kind) continue;
      const slot = this.routing?.slotOf(target.name) ?? 0;
      const group = groups.get(slot);
      if (group === undefined) groups.set(slot, [target]);
      else group.push(target);
    }
    return [...groups.values()].flatMap((group) =>
      chunksOf(group, NAMES_PER_COMMAND).map((chunk) => this.release(kind, chunk)),
    );
  }

  private causeOf(target: SubscriptionTarget): InterruptionCause | undefined {
    const cause = this.interruptions.causeOf(target);
    if (cause !== undefined || this.table.stateOf(target) !== 'active') return cause;
    return { reason: 'subscription-lost', fromMs: this.soundAtMs };
  }

  private async release(kind: SubscriptionKind, targets: readonly SubscriptionTarget[]): Promise<void> {
    const names = targets.map((target) => target.name);
    // What was asked for again meanwhile is no business of this answer any more, see hold().
    const released = () =>
      this.released(targets.filter((target) => this.table.stateOf(target) === undefined));
    const unsubscribed = () => {
      this.ledger.remove(kind, names);
      released();
    };
    // A refusal (no permission to unsubscribe) or a lost link: nobody is interested in what may still come.
    await this.connection.send(UNSUBSCRIBE[kind], names, unsubscribed).catch(released);
  }

  /** Nothing that comes through these from here on is passed on. */
  private released(targets: readonly SubscriptionTarget[]): void {
    const gone = targets.filter((target) => this.delivering[target.kind].delete(target.name));
    if (gone.length > 0 && !this.isClosed) this.listener.released(gone);
  }

  /** @throws OddReplyError, which the connection hears */
  private deliver(kind: SubscriptionKind, name: string, channel: Buffer, body: Buffer): void {
    if (!Buffer.isBuffer(body) || !Buffer.isBuffer(channel)) throw new OddReplyError(SUBSCRIBE[kind]);
    if (this.isClosed) return;
    const target = this.delivering[kind].get(name);
    if (target === undefined) return;
    this.connection.prove();
    this.listener.message(target, kind === 'pattern' ? channel.toString() : name, body);
  }
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}
