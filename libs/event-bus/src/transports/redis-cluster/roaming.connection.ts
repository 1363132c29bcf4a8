import { RedisConnection } from '../redis/redis.connection.js';
import type { RedisConnectionListener } from '../redis/redis.connection.js';
import type { ClusterNode } from './cluster.node.js';
import type { ClusterTopology } from './cluster.topology.js';
import { HAND_OVER_MS } from './hand-over.js';
import { NodeRota } from './node.rota.js';
import type { ClusterSettings } from './redis-cluster.options.js';

/** A node that has left may be listed again, as a replica that restarts is. */
const ABSENT_MS = 3_000;

/** A connection to some node of the Cluster, whichever lives: when it is lost, the next attempt leads to another one. */
export class RoamingConnection {
  readonly link: RedisConnection;
  private readonly rota: NodeRota;
  private node: ClusterNode | undefined;
  /** The Cluster has listed the node that this leads to by the same address. */
  private wasListed = false;
  /** performance.now() since when it does not. */
  private absentSinceMs: number | undefined;

  constructor(
    settings: ClusterSettings,
    private readonly topology: ClusterTopology,
    listener: RedisConnectionListener,
  ) {
    this.rota = new NodeRota(() => topology.candidates);
    const roaming: RedisConnectionListener = {
      ...listener,
      up: () => {
        if (this.node) this.rota.succeeded(this.node);
        listener.up();
      },
      down: (reason) => {
        this.failed();
        listener.down(reason);
      },
      error: (error) => {
        if (!this.link.isUp) this.failed();
        listener.error(error);
      },
    };
    this.link = new RedisConnection(settings.connection, roaming, undefined, () => this.next());
    const { options } = this.link.redis;
    const backOff = options.retryStrategy;
    options.retryStrategy = (attempt) => Math.max(HAND_OVER_MS, Number(backOff?.(attempt)));
  }

  /** Leaves a node that the Cluster has let go of: nothing is published there any more, and it does not say so. */
  check(): void {
    const { node, topology } = this;
    if (node === undefined || !this.link.isUp) return;
    if (topology.has(node)) {
      this.wasListed = true;
      this.absentSinceMs = undefined;
      return;
    }
    if (!this.wasListed) return;
    this.absentSinceMs ??= performance.now();
    if (performance.now() - this.absentSinceMs < ABSENT_MS) return;
    this.link.abandon(new Error(`${node.host}:${node.port} is no longer part of the Cluster`));
  }

  private next(): ClusterNode {
    this.absentSinceMs = undefined;
    this.wasListed = false;
    this.node = this.rota.next();
    return this.node;
  }

  private failed(): void {
    if (this.node) this.rota.failed(this.node);
  }
}
