import { OddReplyError, countIn } from '../redis/odd.reply.js';
import type { ClusterNode, NodeAddress, NodeIdentity } from './cluster.node.js';
import { nodeKey } from './cluster.node.js';

const MAX_SLOT = 16_383;

type Range = readonly [first: unknown, last: unknown, ...nodes: (readonly unknown[])[]];

/** The slots and their nodes, as one node of the Cluster sees them. */
export class SlotMap {
  private readonly owners: (NodeAddress | undefined)[] = [];
  private readonly members = new Map<string, ClusterNode>();
  private readonly ids = new Map<string, ClusterNode>();

  /**
   * @param reply to CLUSTER SLOTS: first and last slot of each range, then its master and replicas, each with host, port and id
   * @param reachable the address to use for a node that announces this one; without a host it is the node that was asked
   */
  constructor(reply: unknown, reachable: (host: string | undefined, port: number) => NodeAddress) {
    if (!Array.isArray(reply) || !reply.every(isRange)) throw new OddReplyError('cluster slots');
    for (const [first, last, ...nodes] of reply as Range[]) {
      const addresses = nodes.map(([host, port]) => reachable(hostIn(host), Number(port)));
      for (const [index, address] of addresses.entries()) {
        this.meet({ ...address, isMaster: index === 0 }, String(nodes[index]?.[2]));
      }
      for (let slot = Number(first); slot <= Number(last); slot += 1) this.owners[slot] = addresses[0];
    }
  }

  /** Masters first. */
  get nodes(): readonly ClusterNode[] {
    return [...this.members.values()].toSorted((a, b) => Number(b.isMaster) - Number(a.isMaster));
  }

  get masters(): readonly ClusterNode[] {
    return this.nodes.filter(({ isMaster }) => isMaster);
  }

  /** The master of this slot. Undefined if no node serves it. */
  ownerOf(slot: number): NodeAddress | undefined {
    return this.owners[slot];
  }

  has(node: NodeAddress): boolean {
    return this.members.has(nodeKey(node));
  }

  /** The entry of this node. Undefined if it is not listed, which includes members that serve no slots. */
  find({ keys, id }: NodeIdentity): ClusterNode | undefined {
    const byId = id === undefined ? undefined : this.ids.get(id);
    return byId ?? keys.map((key) => this.members.get(key)).find((node) => node !== undefined);
  }

  /** Whether both have a node in common: two maps of the same Cluster always do. */
  overlaps(other: SlotMap): boolean {
    return [...this.ids.keys()].some((id) => other.ids.has(id));
  }

  private meet(node: ClusterNode, id: string): void {
    const known = this.members.get(nodeKey(node));
    if (known !== undefined && !node.isMaster) return;
    this.members.set(nodeKey(node), node);
    this.ids.set(id, node);
  }
}

/** A node that does not know its own address omits it, and `?` stands for a host name that is not configured. */
function hostIn(host: unknown): string | undefined {
  const text = host === null || host === undefined ? '' : String(host as string);
  return text === '' || text === '?' ? undefined : text;
}

function isRange(range: unknown): range is Range {
  if (!Array.isArray(range) || range.length < 3) return false;
  const [first, last, ...nodes] = range as unknown[];
  const isWithin = [first, last].every((slot) => (countIn(slot) ?? Infinity) <= MAX_SLOT);
  return isWithin && nodes.every((node) => Array.isArray(node) && (countIn(node[1]) ?? Infinity) <= 65_535);
}
