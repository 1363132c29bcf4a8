import { RedisConnection } from '../redis/redis.connection.js';
import type { RedisConnectionListener } from '../redis/connection.listener.js';
import type { ClusterNode, NodeIdentity } from './cluster.node.js';
import { isAlone, nodeKey } from './cluster.node.js';
import type { ClusterTopology } from './cluster.topology.js';
import { HAND_OVER_MS } from './hand-over.js';
import { NodeSelector } from './node.selector.js';
import type { ClusterSettings } from './redis-cluster.options.js';
import type { SlotMap } from './slot.map.js';

/** A listed node must be missing in this many consecutive readings: a single one may coincide with the restart of a replica. */
const ABSENT_READINGS = 2;
/** A new node is listed when it serves slots or, as a replica, has received its master's first ping: within 10 s by default. */
const NEWCOMER_MS = 15_000;

/** A connection to any live node of the Cluster: when it is lost, the next attempt leads to another node. */
export class RoamingConnection {
  readonly link: RedisConnection;
  private readonly selector: NodeSelector;
  private node: ClusterNode | undefined;
  private id: string | undefined;
  /** The current node has served slots, or was a replica in sync, according to itself or another node. */
  private wasListed = false;
  private absentReadings = 0;
  private upAtMs = 0;

  constructor(
    settings: ClusterSettings,
    private readonly topology: Pick<ClusterTopology, 'candidates' | 'readAt'>,
    listener: RedisConnectionListener,
    candidates: () => readonly ClusterNode[] = () => topology.candidates,
  ) {
    this.selector = new NodeSelector(candidates);
    const roaming: RedisConnectionListener = {
      ...listener,
      admit: () => this.admit(),
      up: () => {
        if (this.node) this.selector.succeeded(this.node);
        this.upAtMs = performance.now();
        listener.up?.();
      },
      down: (reason) => {
        this.failed();
        listener.down?.(reason);
      },
      error: (error) => {
        if (!this.link.isUp) this.failed();
        listener.error?.(error);
      },
    };
    this.link = new RedisConnection(settings.connection, roaming, undefined, () => this.next());
    const { options } = this.link.redis;
    const backOff = options.retryStrategy;
    options.retryStrategy = (attempt) => Math.max(HAND_OVER_MS, Number(backOff?.(attempt)));
  }

  /** The identity of the current node. */
  get identity(): NodeIdentity {
    const places = [this.node, this.link.peerAddress].filter((place) => place !== undefined);
    return { keys: places.map(nodeKey), id: this.id };
  }

  /**
   * Leaves a node that was removed from the Cluster: it forwards nothing any more, and does not report this.
   *
   * @param map the view of another node, or of this one if it serves slots
   */
  check(map: SlotMap): void {
    if (!this.link.isUp) return;
    const isListed = map.find(this.identity) !== undefined;
    this.wasListed ||= isListed;
    this.absentReadings = isListed ? 0 : this.absentReadings + 1;
    if (isListed) return;
    const isLeft = this.wasListed
      ? this.absentReadings >= ABSENT_READINGS
      : this.id !== undefined && performance.now() - this.upAtMs >= NEWCOMER_MS;
    if (isLeft) this.leave(new Error(`${this.link.address} is no longer part of the Cluster`));
  }

  /** Goes to another node at once. */
  leave(reason: Error): void {
    this.link.abandon(reason);
  }

  /** A node that is alone accepts everything but forwards nothing: it must not be used for publishing or subscribing. */
  private async admit(): Promise<void> {
    const { link, topology } = this;
    const [map, info] = await Promise.all([
      topology.readAt(link).catch(() => undefined),
      link.redis.call('CLUSTER', 'INFO').catch(() => ''),
    ]);
    if (isAlone(String(info))) {
      throw new Error(`${link.address} is not part of a Cluster: it serves no slots and knows no other node`);
    }
    if (map === undefined) return;
    this.wasListed = map.find(this.identity) !== undefined;
    if (this.wasListed) return;
    // Names may differ. If the user has no permission to read node ids, nodes are compared by address only.
    const id = await link.redis.call('CLUSTER', 'MYID').catch(() => undefined);
    if (typeof id !== 'string') return;
    this.id = id;
    this.wasListed = map.find(this.identity) !== undefined;
  }

  private next(): ClusterNode {
    this.id = undefined;
    this.absentReadings = 0;
    this.wasListed = false;
    this.node = this.selector.next();
    return this.node;
  }

  private failed(): void {
    if (this.node) this.selector.failed(this.node);
  }
}
