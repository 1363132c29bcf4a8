import type { ShardRouting } from '../redis/shard.routing.js';
import type { NodeAddress } from './cluster.node.js';
import type { SubscribedNode } from './subscribed.node.js';

/** The shard channels of one node. */
export interface OpenedNode extends Pick<
  SubscribedNode,
  'key' | 'address' | 'isFullySubscribed' | 'reason' | 'close'
> {
  readonly connection: Pick<SubscribedNode['connection'], 'isUp'>;
  readonly subscriber: Pick<
    SubscribedNode['subscriber'],
    'subscribe' | 'unsubscribe' | 'subscriptions' | 'handOver' | 'takeOver' | 'askAgain'
  >;
}

/** @param lost called when its link is lost, or an attempt has failed */
export type OpenShardNode<Node extends OpenedNode> = (
  address: NodeAddress,
  routing: ShardRouting,
  lost: () => void,
) => Node;
