import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import type { SubscriptionTable } from '../subscription-table.js';
import type { DeliveryGate } from './delivery.gate.js';
import { UNSUBSCRIBE, commandsFor } from './subscription.commands.js';
import type { SubscriptionLedger } from './subscription.ledger.js';
import type { RequestLink } from './subscription.requests.js';

export interface ReleasedFrom {
  readonly table: SubscriptionTable;
  readonly ledger: SubscriptionLedger;
  readonly gate: Pick<DeliveryGate, 'shut'>;
}

/**
 * Unsubscribes what is no longer wanted. Resolves when the server delivers none of it: at once without a link, because nothing
 * is delivered then.
 *
 * @param groupOf only targets of one group may share a command
 */
export async function release(
  link: RequestLink,
  { table, ledger, gate }: ReleasedFrom,
  targets: readonly SubscriptionTarget[],
  groupOf: (target: SubscriptionTarget) => number,
): Promise<void> {
  if (!link.isUp) return;
  const released = commandsFor(targets, groupOf).map(async (own) => {
    const [{ kind }] = own as [SubscriptionTarget];
    const names = own.map(({ name }) => name);
    // This answer does not concern targets that were requested again in the meantime.
    const shut = () => gate.shut(own.filter((target) => table.stateOf(target) === undefined));
    const unsubscribed = () => {
      ledger.remove(kind, names);
      shut();
    };
    // An error (no permission to unsubscribe) or a lost link: further messages are not wanted.
    await link.send(UNSUBSCRIBE[kind], names, unsubscribed).catch(shut);
  });
  await Promise.all(released);
}
