import type { SubscriptionListener } from '../redis/delivery.gate.js';
import type { NodeAddress } from './cluster.node.js';
import type { ClusterSettings } from './redis-cluster.options.js';
import { SubscribedNode } from './subscribed.node.js';
import type { SubscribedNodeEvents } from './subscribed.node.js';

/** The key events of one master. */
export class KeyspaceNode extends SubscribedNode {
  constructor(
    settings: ClusterSettings,
    address: NodeAddress,
    listener: SubscriptionListener,
    events: SubscribedNodeEvents,
    /** Its first connection is being made, and callers of subscribe wait for it: nothing is missing yet. */
    private readonly isAwaited: boolean,
  ) {
    super(settings, address, listener, events);
  }

  override get isFullySubscribed(): boolean {
    if (this.isAwaited && !this.isTried) return true;
    return this.connection.isUp && super.isFullySubscribed;
  }
}
