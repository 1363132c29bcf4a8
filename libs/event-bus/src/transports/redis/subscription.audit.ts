import { randomUUID } from 'node:crypto';
import { nameInSlot } from '../../routing/key-slot.js';
import { isReplyError } from './redis.errors.js';
import type { RedisCommands } from './redis.commands.js';
import { NOT_SERVED, SLOT_GONE } from './shard.routing.js';
import type { ShardRouting } from './shard.routing.js';
import type { CountedSubscriptions, SubscriptionLedger } from './subscription.ledger.js';

/** The owner of the counted subscriptions. */
export interface AuditedSubscriptions {
  /** Lost subscriptions are being requested: the server's counts have no meaning now. */
  readonly isRepairing: boolean;
  /** The server has fewer subscriptions than it has confirmed. */
  repair(reason: string): void;
}

/** Asks the server for its number of subscriptions, at a stream position where the right number is known. */
export class SubscriptionAudit {
  /** A name without a subscription: unsubscribing from it changes nothing, and is answered with a count. */
  private readonly unusedName = `heartbeat:${randomUUID()}`;
  /** Such names, by slot of a Cluster. */
  private readonly unusedInSlots = new Map<number, string>();

  constructor(
    private readonly connection: Pick<RedisCommands, 'send'>,
    private readonly ledger: SubscriptionLedger,
    private readonly audited: AuditedSubscriptions,
    private readonly routing?: ShardRouting,
  ) {}

  /** Resolves when the server has answered, with any answer: with true if no subscription is missing. */
  async ask(): Promise<boolean> {
    const asked = [this.count('unsubscribe', this.unusedName, 'channels and patterns')];
    const shard = this.ledger.someShard;
    if (shard !== undefined) {
      asked.push(this.count('sunsubscribe', this.unusedNameBeside(shard), 'shard channels'));
    }
    const answers = await Promise.all(asked);
    return answers.every((isSound) => isSound);
  }

  private async count(command: string, name: string, kinds: CountedSubscriptions): Promise<boolean> {
    let isSound = true;
    try {
      await this.connection.send(command, [name], (count) => {
        isSound = this.compare(kinds, Number(count));
      });
    } catch (error) {
      // An error is an answer as well, unless it says that the node has released the slot.
      if (!isReplyError(error)) throw error;
      isSound = !this.isUncounted(error);
    }
    return isSound;
  }

  /** In the same slot. */
  private unusedNameBeside(shard: string): string {
    if (this.routing === undefined) return this.unusedName;
    const slot = this.routing.slotOf(shard);
    const name = this.unusedInSlots.get(slot) ?? nameInSlot(slot, this.unusedName);
    this.unusedInSlots.set(slot, name);
    return name;
  }

  /** True if nothing is missing at this stream position. */
  private compare(kinds: CountedSubscriptions, counted: number): boolean {
    if (this.audited.isRepairing) return false;
    const missing = this.ledger.audit(kinds, counted);
    if (missing === 0) return true;
    this.audited.repair(`subscription-lost: the server has ${counted} ${kinds}, ${missing} too few`);
    return false;
  }

  /** The node does not count the shard channels right now, or not any more because their slot has moved. */
  private isUncounted(error: Error): boolean {
    if (this.routing === undefined || !NOT_SERVED.test(error.message)) return false;
    if (SLOT_GONE.test(error.message) && !this.audited.isRepairing) {
      this.audited.repair('subscription-lost: its slot is gone');
    }
    return true;
  }
}
