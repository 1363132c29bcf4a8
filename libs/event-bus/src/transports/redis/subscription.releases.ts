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
 * Tells the server what is wanted no more. Resolves when it delivers none of them: at once without a link, on which it delivers
 * nothing.
 *
 * @param groupOf only targets of one group may go in one command
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
    // What was asked for again meanwhile is no business of this answer any more.
    const shut = () => gate.shut(own.filter((target) => table.stateOf(target) === undefined));
    const unsubscribed = () => {
      ledger.remove(kind, names);
      shut();
    };
    // A refusal (no permission to unsubscribe) or a lost link: nobody is interested in what may still come.
    await link.send(UNSUBSCRIBE[kind], names, unsubscribed).catch(shut);
  });
  await Promise.all(released);
}
