import type { TransportListener } from '../event.transport.js';
import { RedisConnection } from '../redis/redis.connection.js';
import { RedisSubscriber } from '../redis/redis.subscriber.js';
import type { ShardRouting } from '../redis/shard.routing.js';
import type { NodeAddress } from './cluster.node.js';
import { nodeKey } from './cluster.node.js';
import type { ClusterSettings } from './redis-cluster.options.js';

export interface ShardNodeEvents {
  changed(): void;
  /** The link is gone, or an attempt has failed. */
  lost(): void;
  error(error: Error): void;
}

/** The shard channels that one node serves for us, on a connection of their own. */
export class ShardNode {
  readonly key: string;
  readonly connection: RedisConnection;
  readonly subscriber: RedisSubscriber;
  /** performance.now() since when the Cluster names another owner for some of what it serves. */
  ownerChangedAtMs: number | undefined;

  constructor(
    settings: ClusterSettings,
    readonly address: NodeAddress,
    listener: TransportListener,
    routing: ShardRouting,
    events: ShardNodeEvents,
  ) {
    this.key = nodeKey(address);
    const { host, port } = address;
    this.connection = new RedisConnection(
      { ...settings.connection, host, port },
      {
        up: () => this.subscriber.resume(),
        down: () => {
          this.subscriber.suspend();
          events.lost();
        },
        error: (error) => {
          events.error(error);
          if (!this.connection.isUp) events.lost();
        },
        ping: () => this.subscriber.ping(),
        unsubscribed: (name) => this.subscriber.unsubscribedByServer(name),
      },
    );
    this.subscriber = new RedisSubscriber(this.connection, listener, () => events.changed(), routing);
    this.connection.start();
  }

  close(): Promise<void> {
    this.subscriber.close();
    return this.connection.close({ graceful: false });
  }
}
