import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import type { SubscriptionAnswers } from './subscription.answers.js';

/** The server does not answer for the slot of this shard channel: another does, or none right now. */
export const NOT_SERVED = /^(MOVED|ASK|CLUSTERDOWN|TRYAGAIN) /;
/**
 * It answers for the slot no more, or, once it was reset, knows nobody who does: it keeps what was subscribed at it as a replica, and
 * passes nothing on. A node that says that the Cluster is down goes on serving what it has.
 */
export const SLOT_GONE = /^(MOVED |ASK |CLUSTERDOWN Hash slot not served)/;

/** How shard channels are spread over the nodes of a Cluster. */
export interface ShardRouting {
  /** Those that wait for an answer, whichever node gives it. */
  readonly answers: SubscriptionAnswers;
  slotOf(name: string): number;
  /**
   * This node does not serve them any more. They stay held and wanted until they are handed over.
   *
   * @param refusal what the node said to SSUBSCRIBE. Undefined when it has unsubscribed them by itself.
   */
  displaced(targets: readonly SubscriptionTarget[], refusal: string | undefined): void;
}
