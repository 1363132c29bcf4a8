import type { SubscriptionTarget } from '../routing/subscription-target.js';
import { collect } from './collect.js';
import type { Interruption, InterruptionReason } from './event.transport.js';
import { TargetMap } from './target.map.js';

export interface InterruptionCause {
  readonly reason: InterruptionReason;
  readonly fromMs: number;
  readonly hint?: string | undefined;
}

interface Interrupted {
  readonly target: SubscriptionTarget;
  cause: InterruptionCause;
  isDenied: boolean;
}

/**
 * Which subscriptions were active and are not confirmed again yet, since when and why. Pure: the owner of the link reports
 * events, and asks which interruptions are over. Several losses before recovery are one interruption.
 */
export class InterruptionTracker {
  private readonly open = new TargetMap<Interrupted>();
  /** Confirmed again, while others still wait for the broker's answer. */
  private readonly back = new TargetMap<Interrupted>();
  /** The number of open ones that are not denied. */
  private waiting = 0;

  /** Whether some still wait for the broker's answer. */
  get isWaiting(): boolean {
    return this.waiting > 0;
  }

  /** These were active and are lost. Everything that is open is requested again, and keeps its start. */
  start(targets: readonly SubscriptionTarget[], cause: InterruptionCause): void {
    for (const interrupted of this.back.values()) this.open.set(interrupted.target, interrupted);
    this.back.clear();
    for (const interrupted of this.open.values()) interrupted.isDenied = false;
    for (const target of targets) {
      if (!this.open.has(target)) this.open.set(target, { target, cause, isDenied: false });
    }
    this.waiting = this.open.size;
  }

  /** Like {@link start}, but only for these: nothing else is requested again. */
  add(targets: readonly SubscriptionTarget[], cause: InterruptionCause): void {
    for (const target of targets) {
      if (this.open.has(target)) continue;
      const earlier = this.back.get(target);
      this.back.delete(target);
      this.open.set(target, earlier ?? { target, cause, isDenied: false });
      this.waiting += 1;
    }
  }

  /** Why this one is interrupted. Undefined if it is not. */
  causeOf(target: SubscriptionTarget): InterruptionCause | undefined {
    return (this.open.get(target) ?? this.back.get(target))?.cause;
  }

  confirmed(targets: readonly SubscriptionTarget[]): void {
    if (this.open.size === 0) return;
    for (const target of targets) {
      const interrupted = this.open.get(target);
      if (interrupted === undefined) continue;
      this.forget(interrupted);
      this.back.set(target, interrupted);
    }
  }

  /** It stays open, from now on for another reason. */
  denied(target: SubscriptionTarget): void {
    const interrupted = this.open.get(target);
    if (interrupted === undefined || interrupted.isDenied) return;
    interrupted.isDenied = true;
    interrupted.cause = { reason: 'subscription-denied', fromMs: interrupted.cause.fromMs };
    this.waiting -= 1;
  }

  /** These are no longer wanted. */
  dropped(targets: readonly SubscriptionTarget[]): void {
    for (const target of targets) {
      this.back.delete(target);
      const interrupted = this.open.get(target);
      if (interrupted !== undefined) this.forget(interrupted);
    }
  }

  /**
   * The interruptions that are over now, one for each reason: none while a target waits for an answer. Each is reported once.
   */
  finish(toMs: number): readonly Interruption[] {
    if (this.isWaiting || this.back.size === 0) return [];
    const groups = new Map<InterruptionReason, Interrupted[]>();
    for (const interrupted of this.back.values()) collect(groups, interrupted.cause.reason, interrupted);
    this.back.clear();
    return [...groups].map(([reason, group]) => interruptionOf(reason, group, toMs));
  }

  private forget(interrupted: Interrupted): void {
    this.open.delete(interrupted.target);
    if (!interrupted.isDenied) this.waiting -= 1;
  }
}

function interruptionOf(
  reason: InterruptionReason,
  group: readonly Interrupted[],
  toMs: number,
): Interruption {
  const hint = group.find(({ cause }) => cause.hint !== undefined)?.cause.hint;
  return {
    reason,
    targets: group.map(({ target }) => target),
    fromMs: group.reduce((earliest, { cause }) => Math.min(earliest, cause.fromMs), toMs),
    toMs,
    ...(hint === undefined ? {} : { hint }),
  };
}
