import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import type { InterruptionCause, InterruptionTracker } from '../interruption.tracker.js';
import type { SubscriptionTable } from '../subscription-table.js';
import type { DeliveryGate } from './delivery.gate.js';

/** A subscription that moves from one node to another. */
export interface HandedOver {
  readonly target: SubscriptionTarget;
  /** Absent if it was never active. */
  readonly cause?: InterruptionCause | undefined;
}

/** The subscription state of the connection to one node. */
export interface NodeSubscriptions {
  readonly table: SubscriptionTable;
  readonly gate: Pick<DeliveryGate, 'shut'>;
  readonly interruptions: InterruptionTracker;
}

/**
 * Releases these without an end to their interruption: another connection takes them over. Those that are not subscribed are
 * ignored.
 *
 * @param soundAtMs until when nothing of the active ones is missing
 */
export function handOver(
  { table, gate, interruptions }: NodeSubscriptions,
  targets: readonly SubscriptionTarget[],
  soundAtMs: number,
): { readonly handed: readonly HandedOver[]; readonly delivering: readonly SubscriptionTarget[] } {
  const held = targets.filter((target) => table.stateOf(target) !== undefined);
  const active: InterruptionCause = { reason: 'subscription-lost', fromMs: soundAtMs };
  const handed = held.map((target) => {
    const cause = interruptions.causeOf(target);
    return { target, cause: cause ?? (table.stateOf(target) === 'active' ? active : undefined) };
  });
  const delivering = held.filter((target) => table.drop(target));
  interruptions.dropped(held);
  gate.shut(held);
  return { handed, delivering };
}

/** Takes over what another connection has handed over. */
export function takeOver(
  { table, gate, interruptions }: NodeSubscriptions,
  handed: readonly HandedOver[],
): void {
  for (const { target, cause } of handed) {
    if (table.hold(target)) gate.shut([target]);
    if (cause === undefined) continue;
    table.miss(target);
    interruptions.add([target], cause);
  }
}
