import type { GapReporter } from '../gaps/gap.reporter.js';
import type { Consumer, SubscriptionPlan } from '../routing/subscription-plan.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { EventTransport, Interruption, SubscribeOutcome } from '../transports/event.transport.js';
import { TargetMap } from '../transports/target.map.js';

/** Keeps at the broker what the plan says: tells the plan what the broker answers, and the broker what follows of it. */
export class SubscriptionKeeper<C extends Consumer> {
  private isScheduled = false;
  private isStopped = false;
  /** Unsubscriptions that the broker has not answered. */
  private readonly leaving = new Set<Promise<void>>();
  /** Look whether what they wait for has come. */
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly plan: SubscriptionPlan<C>,
    private readonly transport: Pick<EventTransport, 'subscribe' | 'unsubscribe'>,
    private readonly gaps: Pick<GapReporter, 'interrupted'>,
  ) {}

  /** Resolves when each target of these is served, or refused: by the broker's answer to it, or to what covers it. */
  async want(consumers: readonly C[]): Promise<readonly SubscribeOutcome[]> {
    this.plan.add(consumers);
    const targets = new Set(consumers.flatMap((consumer) => consumer.targets.map(subscriptionOf)));
    const outcomes = new Map<SubscriptionTarget, SubscribeOutcome>();
    for (let open = [...targets]; open.length > 0; open = open.filter((target) => !outcomes.has(target))) {
      const needed = new Map(open.map((target) => [target, this.plan.neededFor(target)]));
      const answers = await this.ask(new Set(needed.values()));
      for (const [target, asked] of needed) {
        const outcome = this.outcomeOf(target, asked, answers);
        if (outcome !== undefined) outcomes.set(target, outcome);
      }
    }
    return [...outcomes.values()];
  }

  /**
   * Resolves when the broker delivers nothing more that only this one wanted, or only because what is to take its place
   * is denied. Returns the targets that nobody wants now.
   */
  async unwant(consumer: C): Promise<readonly SubscriptionTarget[]> {
    const unwanted = this.plan.remove(consumer);
    this.keep();
    await this.until(() => unwanted.every((target) => this.plan.isGivenUp(target)));
    return unwanted;
  }

  /** The subscriptions that serve its targets now, each once. */
  serversOf({ targets }: C): readonly SubscriptionTarget[] {
    return [...new Set(targets.flatMap((target) => this.plan.serverOf(subscriptionOf(target)) ?? []))];
  }

  /** Resolves when the broker holds nothing any more. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await Promise.all([this.transport.unsubscribe(this.plan.targets()), ...this.leaving]);
    for (const look of this.waiting) look();
  }

  confirmed(targets: readonly SubscriptionTarget[]): void {
    this.plan.confirm(targets);
    this.keepSoon();
  }

  released(targets: readonly SubscriptionTarget[]): void {
    this.plan.release(targets);
    this.keepSoon();
  }

  denied(targets: readonly SubscriptionTarget[], sinceMs: number | undefined): void {
    this.plan.deny(targets, sinceMs);
    this.keepSoon();
  }

  resumed({ targets, ...interruption }: Interruption): void {
    const texts = this.plan.textsOf(targets);
    this.plan.resume(targets);
    this.gaps.interrupted({ ...interruption, targets: texts });
    this.keepSoon();
  }

  /** In one go for all that the broker says in a turn; and not amid its words, where it is not to be asked. */
  private keepSoon(): void {
    if (this.isScheduled || this.isStopped) return;
    this.isScheduled = true;
    queueMicrotask(() => {
      this.isScheduled = false;
      this.keep();
    });
  }

  private keep(): void {
    if (this.isStopped) return;
    const { subscribe, unsubscribe } = this.plan.changes();
    // Nobody waits for the answer, and a transport of the application's own may break its promise not to reject.
    if (subscribe.length > 0) this.transport.subscribe(subscribe).catch(() => undefined);
    this.leave(unsubscribe);
    this.tellMissed();
    for (const look of this.waiting) look();
  }

  private leave(targets: readonly SubscriptionTarget[]): void {
    if (targets.length === 0) return;
    const answered = () => {
      this.leaving.delete(left);
      this.plan.left(targets);
      this.keep();
    };
    const left = this.transport.unsubscribe(targets).then(answered, answered);
    this.leaving.add(left);
  }

  private tellMissed(): void {
    const missed = this.plan.takeMissed();
    if (missed === undefined) return;
    const { texts, fromMs } = missed;
    this.gaps.interrupted({ reason: 'subscription-denied', targets: texts, fromMs, toMs: Date.now() });
  }

  /** The broker's answers to these, together with what else is to be asked for. None as long as one is on its way out. */
  private async ask(
    needed: ReadonlySet<SubscriptionTarget | undefined>,
  ): Promise<TargetMap<SubscribeOutcome>> {
    const { subscribe, unsubscribe } = this.plan.changes();
    this.leave(unsubscribe);
    const asked = new Set([...subscribe, ...needed].filter((target) => target !== undefined));
    const leaving = [...asked].filter((target) => this.plan.isLeaving(target));
    for (const target of leaving) asked.delete(target);
    const answered = this.transport.subscribe([...asked]);
    if (leaving.length > 0) await Promise.all(this.leaving);
    const answers = new TargetMap<SubscribeOutcome>();
    for (const outcome of await answered) answers.set(outcome.target, outcome);
    return answers;
  }

  /** Undefined when it is to be asked for again: what covered it does not, or it was on its way out. */
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

  private until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!this.isStopped && !isTrue()) return;
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
      look();
    });
  }
}

function subscriptionOf({ subscription }: Consumer['targets'][number]): SubscriptionTarget {
  return subscription;
}
