import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import type { SubscriptionTable } from '../subscription-table.js';
import type { DeliveryGate } from './delivery.gate.js';
import type { ShardRouting } from './shard.routing.js';
import { UNSUBSCRIBE, commandsFor } from './subscription.commands.js';
import type { SubscriptionLedger } from './subscription.ledger.js';
import type { RequestLink } from './subscription.requests.js';

interface ReleasedFrom {
  readonly table: SubscriptionTable;
  readonly ledger: SubscriptionLedger;
  readonly gate: Pick<DeliveryGate, 'shut'>;
}

/** Tells the server what is wanted no more. */
export class SubscriptionReleases {
  constructor(
    private readonly link: RequestLink,
    private readonly parts: ReleasedFrom,
    private readonly routing?: ShardRouting,
  ) {}

  /** Resolves when the server delivers none of them: at once without a link, on which it delivers nothing. */
  async send(targets: readonly SubscriptionTarget[]): Promise<void> {
    if (!this.link.isUp) return;
    const slotOf = ({ name }: SubscriptionTarget) => this.routing?.slotOf(name) ?? 0;
    await Promise.all(commandsFor(targets, slotOf).map((command) => this.sendOne(command)));
  }

  private async sendOne(targets: readonly SubscriptionTarget[]): Promise<void> {
    const [{ kind }] = targets as [SubscriptionTarget];
    const names = targets.map((target) => target.name);
    // What was asked for again meanwhile is no business of this answer any more.
    const shut = () =>
      this.parts.gate.shut(targets.filter((target) => this.parts.table.stateOf(target) === undefined));
    const unsubscribed = () => {
      this.parts.ledger.remove(kind, names);
      shut();
    };
    // A refusal (no permission to unsubscribe) or a lost link: nobody is interested in what may still come.
    await this.link.send(UNSUBSCRIBE[kind], names, unsubscribed).catch(shut);
  }
}
