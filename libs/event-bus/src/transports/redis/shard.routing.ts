import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import type { SubscriptionAnswers } from './subscription.answers.js';

/** The server is not responsible for the slot of this shard channel: another is, or none right now. */
export const NOT_SERVED = /^(MOVED|ASK|CLUSTERDOWN|TRYAGAIN) /;
/**
 * It is no longer responsible for the slot or, after a reset, knows no node that is: as a replica it keeps its subscriptions,
 * but forwards nothing. A node that reports the Cluster as down continues to serve what it has.
 */
export const SLOT_GONE = /^(MOVED |ASK |CLUSTERDOWN Hash slot not served)/;

/** How shard channels are distributed over the nodes of a Cluster. */
export interface ShardRouting {
  /** Callers that wait for an answer, from any node. */
  readonly answers: SubscriptionAnswers;
  slotOf(name: string): number;
  /**
   * This node no longer serves these. They stay subscribed and wanted until they are handed over.
   *
   * @param refusal the node's answer to SSUBSCRIBE. Undefined if it has unsubscribed them without a request.
   */
  displaced(targets: readonly SubscriptionTarget[], refusal: string | undefined): void;
}
