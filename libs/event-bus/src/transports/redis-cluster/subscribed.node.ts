import { RedisConnection } from '../redis/redis.connection.js';
import type { SubscriptionListener } from '../redis/delivery.gate.js';
import { RedisSubscriber } from '../redis/redis.subscriber.js';
import type { ShardRouting } from '../redis/shard.routing.js';
import type { NodeAddress } from './cluster.node.js';
import { nodeKey } from './cluster.node.js';
import type { ClusterSettings } from './redis-cluster.options.js';

export interface SubscribedNodeEvents {
  changed(): void;
  error(error: Error): void;
  /** The link is lost, or an attempt has failed. */
  lost?(): void;
}

/** The subscriptions at one node, on a connection of its own. */
export class SubscribedNode {
  readonly key: string;
  readonly connection: RedisConnection;
  readonly subscriber: RedisSubscriber;
  /** An attempt to connect has succeeded or failed. */
  protected isTried = false;

  constructor(
    settings: ClusterSettings,
    readonly address: NodeAddress,
    listener: SubscriptionListener,
    events: SubscribedNodeEvents,
    routing?: ShardRouting,
  ) {
    this.key = nodeKey(address);
    const { host, port } = address;
    this.connection = new RedisConnection(
      { ...settings.connection, host, port },
      {
        up: () => {
          this.isTried = true;
          this.subscriber.resume();
        },
        down: () => {
          this.subscriber.suspend();
          events.lost?.();
        },
        error: (error) => {
          this.isTried = true;
          events.error(error);
          if (!this.connection.isUp) events.lost?.();
        },
        ping: () => this.subscriber.ping(),
        unsubscribed: (name) => this.subscriber.unsubscribedByServer(name),
      },
    );
    this.subscriber = new RedisSubscriber(this.connection, listener, () => events.changed(), routing);
    this.connection.start();
  }

  /** Everything that was answered once is confirmed now. */
  get isFullySubscribed(): boolean {
    return this.subscriber.isFullySubscribed;
  }

  /** What is missing for a full subscription. */
  get reason(): string {
    return this.connection.isUp ? this.subscriber.reason : `no connection to ${this.key}`;
  }

  close(): Promise<void> {
    this.subscriber.close();
    return this.connection.close({ graceful: false });
  }
}
