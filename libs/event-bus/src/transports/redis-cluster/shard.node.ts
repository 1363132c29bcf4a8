import type { SubscriptionListener } from '../redis/delivery.gate.js';
import type { ShardRouting } from '../redis/shard.routing.js';
import type { NodeAddress } from './cluster.node.js';
import type { ClusterSettings } from './redis-cluster.options.js';
import { SubscribedNode } from './subscribed.node.js';
import type { SubscribedNodeEvents } from './subscribed.node.js';

export interface ShardNodeEvents extends SubscribedNodeEvents {
  /** The link is gone, or an attempt has failed. */
  lost(): void;
}

/** The shard channels that one node serves for us. */
export class ShardNode extends SubscribedNode {
  /** performance.now() since when the Cluster names another owner for some of what it serves. */
  ownerChangedAtMs: number | undefined;

  constructor(
    settings: ClusterSettings,
    address: NodeAddress,
    listener: SubscriptionListener,
    protected override readonly events: ShardNodeEvents,
    routing: ShardRouting,
  ) {
    super(settings, address, listener, events, routing);
  }

  protected override lost(): void {
    this.events.lost();
  }
}

/** One node, as far as shard channels are subscribed to there. */
export interface OpenedNode extends Pick<
  ShardNode,
  'key' | 'address' | 'isFullySubscribed' | 'reason' | 'ownerChangedAtMs' | 'close'
> {
  readonly connection: Pick<ShardNode['connection'], 'isUp'>;
  readonly subscriber: Pick<
    ShardNode['subscriber'],
    'subscribe' | 'unsubscribe' | 'subscriptions' | 'handOver' | 'takeOver' | 'askAgain'
  >;
}

/** @param lost called when its link is gone, or an attempt has failed */
export type OpenShardNode<Node extends OpenedNode> = (
  address: NodeAddress,
  routing: ShardRouting,
  lost: () => void,
) => Node;
