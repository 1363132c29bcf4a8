import type { ClusterNode } from './cluster.node.js';
import { nodeKey } from './cluster.node.js';
import type { ClusterTopology } from './cluster.topology.js';
import { PendingCloses } from './pending.closes.js';
import type { ClusterSettings } from './redis-cluster.options.js';
import { RoamingConnection } from './roaming.connection.js';
import type { SlotMap } from './slot.map.js';

/**
 * Makes sure that connections that may lead to any node lead to members of the Cluster. A node that the others have forgotten
 * does not know it. A node that serves slots is a member: if the publisher's node serves none, such a node is asked, on a
 * separate connection.
 */
export class MembershipWatch {
  private witness: RoamingConnection | undefined;
  private isAsking = false;
  private readonly closing = new PendingCloses();

  constructor(
    private readonly settings: ClusterSettings,
    private readonly topology: ClusterTopology,
    private readonly home: RoamingConnection,
    private readonly subscriber: RoamingConnection,
  ) {}

  /** The topology was read from the publisher's node. */
  follow(map: SlotMap): void {
    if (this.isOwner(this.home, map)) {
      this.dismissWitness();
      this.check(map);
    } else if (this.witness !== undefined || this.others.length > 0) {
      this.witness ??= this.callWitness();
      void this.ask(this.witness);
    }
  }

  async close(): Promise<void> {
    this.dismissWitness();
    await this.closing.settled();
  }

  /** The address of a second node: if possible one without other connections of ours. */
  private get others(): readonly ClusterNode[] {
    const notHome = this.topology.nodes.filter((node) => !isAt(this.home, node));
    const neutral = notHome.filter((node) => !isAt(this.subscriber, node));
    return neutral.some(({ isMaster }) => isMaster) ? neutral : notHome;
  }

  private check(map: SlotMap): void {
    this.home.check(map);
    this.subscriber.check(map);
  }

  private async ask(witness: RoamingConnection): Promise<void> {
    if (this.isAsking || !witness.link.isWritable) return;
    this.isAsking = true;
    const map = await this.topology.readAt(witness.link).catch(() => undefined);
    this.isAsking = false;
    if (map === undefined || witness !== this.witness) return;
    if (this.isOwner(witness, map)) this.check(map);
    else witness.leave(new Error(`${witness.link.address} serves no slots`));
  }

  private isOwner(connection: RoamingConnection, map: SlotMap): boolean {
    return map.find(connection.identity)?.isMaster === true;
  }

  private callWitness(): RoamingConnection {
    // The other nodes are gone when the Cluster has shrunk to the publisher's node.
    const candidates = () => (this.others.length > 0 ? this.others : this.topology.candidates);
    const witness = new RoamingConnection(this.settings, this.topology, {}, candidates);
    witness.link.start();
    return witness;
  }

  private dismissWitness(): void {
    const closed = this.witness?.link.close({ graceful: false });
    this.witness = undefined;
    if (closed !== undefined) this.closing.add(closed);
  }
}

function isAt({ identity }: RoamingConnection, node: ClusterNode): boolean {
  return identity.keys.includes(nodeKey(node));
}
