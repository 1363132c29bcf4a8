import type { TransportListener } from '../event.transport.js';
import { RedisConnection } from '../redis/redis.connection.js';
import { RedisSubscriber } from '../redis/redis.subscriber.js';
import type { NodeAddress } from './cluster.node.js';
import { nodeKey } from './cluster.node.js';
import type { ClusterSettings } from './redis-cluster.options.js';

export interface KeyspaceNodeEvents {
  changed(): void;
  error(error: Error): void;
}

/** What one master says of its keys, on a connection of its own. */
export class KeyspaceNode {
  readonly key: string;
  readonly connection: RedisConnection;
  readonly subscriber: RedisSubscriber;

  constructor(
    settings: ClusterSettings,
    address: NodeAddress,
    listener: TransportListener,
    events: KeyspaceNodeEvents,
    /** Its first connection is being made, and whoever subscribes waits for it: nothing is missing yet. */
    private isAwaited: boolean,
  ) {
    this.key = nodeKey(address);
    const { host, port } = address;
    this.connection = new RedisConnection(
      { ...settings.connection, host, port },
      {
        up: () => {
          this.isAwaited = false;
          this.subscriber.resume();
        },
        down: () => this.subscriber.suspend(),
        error: (error) => {
          this.isAwaited = false;
          events.error(error);
        },
        ping: () => this.subscriber.ping(),
      },
    );
    this.subscriber = new RedisSubscriber(this.connection, listener, () => events.changed());
    this.connection.start();
  }

  /** Everything that was answered once is confirmed now. */
  get isFullySubscribed(): boolean {
    return this.isAwaited || (this.connection.isUp && this.subscriber.isFullySubscribed);
  }

  /** What keeps it from being whole. */
  get reason(): string {
    return this.connection.isUp ? this.subscriber.reason : `no connection to ${this.key}`;
  }

  close(): Promise<void> {
    this.subscriber.close();
    return this.connection.close({ graceful: false });
  }
}
