import { stampOf, windowSince } from '../../clock.js';
import { BusClosedError, SubscriptionRefusedError } from '../../errors.js';
import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import type { SubscribeOutcome, SubscriptionInfo } from '../event.transport.js';
import { InterruptionTracker } from '../interruption.tracker.js';
import type { SubscriptionRequest } from '../subscription-table.js';
import { SubscriptionTable } from '../subscription-table.js';
import { OUTPUT_BUFFER_HINT } from './blocked.loop.js';
import { DeliveryGate } from './delivery.gate.js';
import type { DeliverySource, SubscriptionListener } from './delivery.gate.js';
import type { RedisConnection } from './redis.connection.js';
import { explainRefusal, isDenial } from './redis.errors.js';
import { handOver, takeOver } from './shard.hand-over.js';
import type { HandedOver, NodeSubscriptions } from './shard.hand-over.js';
import { NOT_SERVED } from './shard.routing.js';
import type { ShardRouting } from './shard.routing.js';
import { checking, disagreementsOf } from './subscription.agreement.js';
import type { ServingPlan, SubscriptionParts } from './subscription.agreement.js';
import { SubscriptionAnswers } from './subscription.answers.js';
import { SubscriptionAudit } from './subscription.audit.js';
import { SubscriptionLedger } from './subscription.ledger.js';
import type { ReleasedFrom } from './subscription.releases.js';
import { release } from './subscription.releases.js';
import { SubscriptionRequests } from './subscription.requests.js';

/** The part of its connection that it needs. */
export type SubscriberConnection = DeliverySource &
  Pick<RedisConnection, 'isUp' | 'wasBlocked' | 'send' | 'confirmMaster'>;

/** Keeps the wanted subscriptions confirmed on one connection, and forwards their messages. */
export class RedisSubscriber {
  private readonly table: SubscriptionTable;
  private readonly ledger = new SubscriptionLedger();
  private readonly interruptions = new InterruptionTracker();
  private readonly answers: SubscriptionAnswers;
  private readonly gate: DeliveryGate;
  private readonly parts: NodeSubscriptions & ReleasedFrom & SubscriptionParts;
  private readonly changed: () => void;
  private readonly requests: SubscriptionRequests;
  private readonly audit: SubscriptionAudit;
  /** performance.now() when the last command was sent whose answer proves that nothing was missing until then. */
  private soundAtMs = 0;
  private lossReason: string | undefined;

  constructor(
    private readonly connection: SubscriberConnection,
    private readonly listener: SubscriptionListener,
    /** Called when {@link isFullySubscribed} may have changed. */
    changed: () => void,
    /** For a Cluster's shard channels: those of one command are in one slot, and may have to move. */
    private readonly routing?: ShardRouting,
  ) {
    this.table = new SubscriptionTable(routing && (({ name }) => routing.slotOf(name)));
    this.answers = routing?.answers ?? new SubscriptionAnswers();
    this.gate = new DeliveryGate(connection, listener);
    const { table, ledger, interruptions, gate } = this;
    this.parts = { table, ledger, interruptions, gate };
    this.changed = checking(this.parts, changed);
    this.requests = new SubscriptionRequests(connection, this.table, {
      confirmed: (request) => this.confirmed(request),
      refused: (request, error) => this.refused(request, error),
      changed: this.changed,
    });
    this.audit = new SubscriptionAudit(connection, this.ledger, this, routing);
  }

  /** Every subscription that was answered once is confirmed now. */
  get isFullySubscribed(): boolean {
    return this.table.isFullySubscribed && this.requests.postponedReason === undefined;
  }

  /** What is missing for a full subscription. */
  get reason(): string {
    const reason = this.requests.postponedReason ?? this.lossReason ?? this.table.denial;
    return reason ?? 'subscriptions are not confirmed yet';
  }

  /** The link is live: requests everything that is wanted. */
  resume(): void {
    this.soundAtMs = performance.now();
    this.askAgain();
  }

  /** The link is lost, with all subscriptions on it. */
  suspend(): void {
    const targets = this.table.lose();
    const hint = this.connection.wasBlocked ? OUTPUT_BUFFER_HINT : undefined;
    this.interruptions.start(targets, { reason: 'connection-lost', fromMs: this.soundAtMs, hint });
    this.lossReason = undefined;
    this.requests.clearPostponed();
    this.ledger.clear();
    this.gate.shut(this.gate.targets);
    this.changed();
  }

  /** Resolves when the server has answered, with any answer; its counts are compared with what it has confirmed. */
  async ping(): Promise<void> {
    const sentAtMs = performance.now();
    const [isSound, isMaster] = await Promise.all([this.audit.ask(), this.connection.confirmMaster()]);
    // Publishers may already use a new master, without a notice from this server.
    if (isSound && isMaster) this.soundAtMs = sentAtMs;
  }

  /** Another connection takes over these: their interruption does not end here. */
  handOver(targets: readonly SubscriptionTarget[]): readonly HandedOver[] {
    const { handed, delivering } = handOver(this.parts, targets, this.soundAtMs);
    void this.release(delivering);
    this.answered();
    return handed;
  }

  /** Takes over what another connection has handed over. */
  takeOver(handed: readonly HandedOver[]): void {
    takeOver(this.parts, handed);
    this.askAgain();
  }

  /** The server has unsubscribed this shard channel without a request, in stream order. */
  unsubscribedByServer(name: string): void {
    const target: SubscriptionTarget = { kind: 'shard', name };
    this.ledger.remove('shard', [name]);
    if (!this.gate.isOpen(target) || this.gate.isClosed) return;
    const lost = this.table.loseOne(target);
    this.interruptions.add(lost, { reason: 'subscription-lost', fromMs: this.soundAtMs });
    this.gate.shut([target]);
    this.changed();
    this.routing?.displaced([target], undefined);
  }

  /** Lost subscriptions are being requested: the server's counts have no meaning now. */
  get isRepairing(): boolean {
    return this.gate.isClosed || this.interruptions.isWaiting;
  }

  /**
   * The server has fewer subscriptions than it has confirmed. Which ones are lost is unknown, so all are requested again. The
   * others continue to deliver.
   */
  repair(reason: string): void {
    const targets = this.table.lose();
    this.interruptions.start(targets, { reason: 'subscription-lost', fromMs: this.soundAtMs });
    this.lossReason = reason;
    this.ledger.clear();
    this.changed();
    this.requests.sendWaiting();
  }

  /** Requests everything that is wanted and has no answer. */
  askAgain(): void {
    this.requests.sendWaiting();
    this.changed();
  }

  subscribe(targets: readonly SubscriptionTarget[]): Promise<readonly SubscribeOutcome[]> {
    const outcomes = this.answers.next(targets, (target) => this.hold(target));
    this.askAgain();
    return outcomes;
  }

  async unsubscribe(targets: readonly SubscriptionTarget[]): Promise<void> {
    // A subscription under repair may still be delivered although it counts as lost.
    const told = targets.filter((target) => this.table.drop(target) || this.gate.isOpen(target));
    for (const target of targets)
      this.answers.failed(target, () => new Error('it was unsubscribed meanwhile'));
    this.interruptions.dropped(targets);
    this.answered();
    await this.release(told);
  }

  /** The contradictions between its parts, or with the plan that it serves: for tests. Empty if they agree. */
  disagreements(plan?: ServingPlan): readonly string[] {
    return disagreementsOf(this.parts, plan);
  }

  subscriptions(): readonly SubscriptionInfo[] {
    return this.table.list();
  }

  close(): void {
    this.gate.close();
    this.requests.close();
    for (const { target } of this.table.list()) this.answers.failed(target, () => new BusClosedError());
  }

  private release(targets: readonly SubscriptionTarget[]): Promise<void> {
    return release(this.connection, this.parts, targets, ({ name }) => this.routing?.slotOf(name) ?? 0);
  }

  /** Wants this target. Returns its outcome if the broker need not be asked. */
  private hold(target: SubscriptionTarget): SubscribeOutcome | undefined {
    // It may still be unsubscribing: messages before the new confirmation belong to the old subscription.
    if (this.table.hold(target)) this.gate.shut([target]);
    const state = this.table.stateOf(target);
    if (state === 'active') return { target };
    if (state === 'denied') this.table.retry(target);
    return undefined;
  }

  private confirmed(request: SubscriptionRequest): void {
    this.ledger.add(
      request.kind,
      request.targets.map(({ name }) => name),
    );
    const targets = this.table.confirm(request);
    if (targets.length === 0) return;
    this.gate.open(targets);
    for (const target of targets) this.answers.confirmed(target);
    this.interruptions.confirmed(targets);
    this.answered();
  }

  private refused(request: SubscriptionRequest, error: Error): void {
    if (this.routing !== undefined && NOT_SERVED.test(error.message)) {
      this.routing.displaced(this.table.turnAway(request), error.message);
      return;
    }
    const reason = explainRefusal(error, request.targets[0]?.name);
    if (!isDenial(error)) {
      this.requests.postpone(request, reason);
      return;
    }
    for (const single of this.table.refuse(request, reason)) this.requests.send(single);
    for (const target of request.targets) {
      if (this.table.stateOf(target) === 'denied') this.denied(target, error, reason);
    }
    this.answered();
  }

  private denied(target: SubscriptionTarget, cause: Error, reason: string): void {
    this.gate.shut([target]);
    this.interruptions.denied(target);
    const lostAtMs = this.interruptions.causeOf(target)?.fromMs;
    this.listener.denied([target], lostAtMs === undefined ? undefined : stampOf(lostAtMs));
    this.answers.failed(target, () => new SubscriptionRefusedError(target.name, { cause, reason }));
    this.requests.retryDeniedLater();
  }

  /** Some targets have their answer, or are not wanted any more: that may have been the last one missing. */
  private answered(): void {
    for (const interruption of this.interruptions.finish(performance.now())) {
      this.listener.resumed({ ...interruption, ...windowSince(interruption.fromMs) });
    }
    if (!this.interruptions.isWaiting) this.lossReason = undefined;
    this.changed();
  }
}
