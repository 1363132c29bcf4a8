import type { SubscriptionListener } from '../redis/delivery.gate.js';
import type { NodeAddress } from './cluster.node.js';
import type { ClusterSettings } from './redis-cluster.options.js';
import { SubscribedNode } from './subscribed.node.js';
import type { SubscribedNodeEvents } from './subscribed.node.js';

/** What one master says of its keys. */
export class KeyspaceNode extends SubscribedNode {
  constructor(
    settings: ClusterSettings,
    address: NodeAddress,
    listener: SubscriptionListener,
    events: SubscribedNodeEvents,
    /** Its first connection is being made, and whoever subscribes waits for it: nothing is missing yet. */
    private readonly isAwaited: boolean,
  ) {
    super(settings, address, listener, events);
  }

  override get isFullySubscribed(): boolean {
    if (this.isAwaited && !this.isTried) return true;
    return this.connection.isUp && super.isFullySubscribed;
  }
}
