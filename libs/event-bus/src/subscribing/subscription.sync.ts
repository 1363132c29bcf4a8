import { momentOf, windowSince } from '../clock.js';
import type { GapReporter } from '../gaps/gap.reporter.js';
import type { Consumer, SubscriptionPlan } from '../plan/subscription-plan.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { EventTransport, Interruption, SubscribeOutcome } from '../transports/event.transport.js';
import { TargetMap } from '../transports/target.map.js';
import { EndWaits } from './end.waits.js';
import { TARGETS_PER_TURN, inTurns, nextTurn } from './in.turns.js';

/**
 * Keeps the broker's subscriptions in line with the plan: passes the broker's answers to the plan, and the resulting changes to
 * the broker.
 */
export class SubscriptionSync<C extends Consumer> {
  private isScheduled = false;
  /** Consumers that are not in the plan yet, and were not removed again. */
  private readonly pending = new Set<C>();
  /** The pending consumers that join the plan together, in the next microtask. */
  private joining: C[] = [];
  /** Resolves when they have joined. Absent before the first consumer of a turn, which joins at once. */
  private joined: Promise<void> | undefined;
  private isStopped = false;
  /** Unsubscriptions that the broker has not answered. */
  private readonly leaving = new Set<Promise<void>>();
  private readonly ends = new EndWaits((target) => this.isStopped || this.plan.isGivenUp(target));

  constructor(
    private readonly plan: SubscriptionPlan<C>,
    private readonly transport: Pick<EventTransport, 'subscribe' | 'unsubscribe'>,
    private readonly gaps: Pick<GapReporter, 'interrupted'>,
  ) {}

  /** Resolves when each target of these is served or refused: by the broker's answer to it, or to a glob that covers it. */
  async want(consumers: readonly C[]): Promise<readonly SubscribeOutcome[]> {
    await this.join(consumers);
    const targets = new Set<SubscriptionTarget>();
    for (const consumer of consumers)
      for (const { subscription } of consumer.targets) targets.add(subscription);
    const outcomes = await inTurns([...targets], (slice) => this.outcomesOf(slice));
    return outcomes.flat();
  }

  /**
   * Resolves when the broker delivers nothing more that only this consumer wanted, or continues only because the replacement is
   * denied. Returns the targets that no consumer wants now.
   */
  async unwant(consumer: C): Promise<readonly SubscriptionTarget[]> {
    this.pending.delete(consumer);
    const unwanted = this.plan.remove(consumer);
    // Targets covered by a pattern may have another root now, and the subscription that served them may be given up.
    if (unwanted.some(({ kind }) => kind === 'pattern')) this.ends.touchAll();
    // The first of a turn runs at once, and those that end with it run together.
    if (!this.isScheduled) this.keep();
    this.keepSoon();
    await this.ends.until(unwanted);
    return unwanted;
  }

  /** The subscriptions that serve its targets now, without duplicates. */
  serversOf({ targets }: C): readonly SubscriptionTarget[] {
    return [...new Set(targets.flatMap((target) => this.plan.serverOf(subscriptionOf(target)) ?? []))];
  }

  /** Resolves when the broker has no subscription left. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await Promise.all([this.unsubscribe(this.plan.targets()), ...this.leaving]);
    this.ends.end();
  }

  confirmed(targets: readonly SubscriptionTarget[]): void {
    this.plan.confirm(targets);
    this.keepSoon();
  }

  released(targets: readonly SubscriptionTarget[]): void {
    this.plan.release(targets);
    this.ends.touch(targets);
    this.keepSoon();
  }

  denied(targets: readonly SubscriptionTarget[], sinceMs: number | undefined): void {
    this.plan.deny(targets, sinceMs === undefined ? undefined : momentOf(sinceMs));
    this.ends.touchAll();
    this.keepSoon();
  }

  resumed({ targets, ...interruption }: Interruption): void {
    this.gaps.interrupted({ ...interruption, targets: this.plan.takeInterrupted(targets) });
    this.keepSoon();
  }

  /** Once for all reports of the broker in a turn, and not during a report, when it must not be called. */
  private keepSoon(): void {
    if (this.isScheduled || this.isStopped) return;
    this.isScheduled = true;
    void Promise.resolve().then(() => {
      this.isScheduled = false;
      this.keep();
    });
  }

  private keep(): void {
    if (this.isStopped) return;
    const { subscribe, unsubscribe } = this.plan.changes();
    // The answer is not awaited, and a custom transport may break its promise not to reject.
    if (subscribe.length > 0) this.transport.subscribe(subscribe).catch(() => undefined);
    this.leave(unsubscribe);
    this.reportMissed();
    this.ends.look();
  }

  private leave(targets: readonly SubscriptionTarget[]): void {
    if (targets.length === 0) return;
    const answered = () => {
      this.leaving.delete(left);
      this.plan.left(targets);
      this.ends.touch(targets);
      this.keepSoon();
    };
    const left = this.unsubscribe(targets).then(answered, answered);
    this.leaving.add(left);
  }

  private reportMissed(): void {
    const missed = this.plan.takeMissed();
    if (missed === undefined) return;
    const { texts, fromMs } = missed;
    this.gaps.interrupted({ reason: 'subscription-denied', targets: texts, ...windowSince(fromMs) });
  }

  /** The outcome for each of these. */
  private async outcomesOf(targets: readonly SubscriptionTarget[]): Promise<readonly SubscribeOutcome[]> {
    const outcomes = new Map<SubscriptionTarget, SubscribeOutcome>();
    let open = targets;
    while (open.length > 0) {
      const needed = new Map(open.map((target) => [target, this.plan.neededFor(target)]));
      const answers = await this.ask(new Set(needed.values()));
      for (const [target, asked] of needed) {
        const outcome = this.outcomeOf(target, asked, answers);
        if (outcome !== undefined) outcomes.set(target, outcome);
      }
      open = open.filter((target) => !outcomes.has(target));
    }
    return [...outcomes.values()];
  }

  private async unsubscribe(targets: readonly SubscriptionTarget[]): Promise<void> {
    await inTurns(targets, (slice) => this.transport.unsubscribe(slice));
  }

  /** The broker's answers for these, together with other required requests. None while an unsubscription is in progress. */
  private async ask(
    needed: ReadonlySet<SubscriptionTarget | undefined>,
  ): Promise<TargetMap<SubscribeOutcome>> {
    this.keepSoon();
    const wanted = [...needed].filter((target) => target !== undefined);
    const asked = wanted.filter((target) => !this.plan.isLeaving(target));
    const answered = this.transport.subscribe(asked);
    if (asked.length < wanted.length) await Promise.all(this.leaving);
    const answers = new TargetMap<SubscribeOutcome>();
    for (const outcome of await answered) answers.set(outcome.target, outcome);
    return answers;
  }

  /** Undefined if it must be requested again: its cover no longer covers it, or an unsubscription was in progress. */
  private outcomeOf(
    target: SubscriptionTarget,
    asked: SubscriptionTarget | undefined,
    answers: TargetMap<SubscribeOutcome>,
  ): SubscribeOutcome | undefined {
    if (asked === undefined) return { target, error: new Error('it was unsubscribed meanwhile') };
    const answer = answers.get(asked);
    if (answer === undefined) return undefined;
    if (answer.error === undefined || this.plan.serverOf(target) !== undefined) return { target };
    return this.plan.neededFor(target) === asked ? { target, error: answer.error } : undefined;
  }

  /** Resolves when the targets of these are in the plan: all of one turn but the first together, and many in slices. */
  private join(consumers: readonly C[]): Promise<void> {
    for (const consumer of consumers) this.pending.add(consumer);
    if (this.joined !== undefined) {
      for (const consumer of consumers) this.joining.push(consumer);
      return this.joined;
    }
    this.joined = Promise.resolve().then(() => {
      const { joining } = this;
      this.joining = [];
      this.joined = undefined;
      return this.add(joining);
    });
    return this.add(consumers);
  }

  private async add(joining: readonly C[]): Promise<void> {
    const slices = this.plan.adding(this.taken(joining), TARGETS_PER_TURN);
    while (slices.next().done !== true) {
      this.keep();
      await nextTurn();
    }
    for (const { targets } of joining) this.ends.touch(targets.map(subscriptionOf));
    this.keep();
  }

  private *taken(consumers: readonly C[]): Iterable<C> {
    for (const consumer of consumers) if (this.pending.delete(consumer)) yield consumer;
  }
}

function subscriptionOf({ subscription }: Consumer['targets'][number]): SubscriptionTarget {
  return subscription;
}
