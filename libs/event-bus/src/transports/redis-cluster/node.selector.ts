import type { ClusterNode, NodeAddress } from './cluster.node.js';
import { nodeKey } from './cluster.node.js';

/**
 * The node to try next, for a connection that may lead to any node: never the one that has just failed, if there is another.
 */
export class NodeSelector {
  private readonly failedAt = new Map<string, number>();
  private failures = 0;

  constructor(private readonly candidates: () => readonly ClusterNode[]) {}

  /** The node that failed longest ago; if several never failed, any master among them, so that many processes spread. */
  next(): ClusterNode {
    const ranked = this.candidates().map((node) => ({ node, rank: this.rankOf(node), lot: Math.random() }));
    ranked.sort((a, b) => a.rank - b.rank || a.lot - b.lot);
    return (ranked[0] as (typeof ranked)[number]).node;
  }

  failed(node: NodeAddress): void {
    this.failures += 1;
    this.failedAt.set(nodeKey(node), this.failures);
  }

  succeeded(node: NodeAddress): void {
    this.failedAt.delete(nodeKey(node));
  }

  private rankOf(node: ClusterNode): number {
    return this.failedAt.get(nodeKey(node)) ?? (node.isMaster ? -1 : 0);
  }
}
