/** The address of a Cluster node. */
export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

export interface ClusterNode extends NodeAddress {
  readonly isMaster: boolean;
}

/** Two addresses are the same node if and only if their keys are equal. */
export function nodeKey({ host, port }: NodeAddress): string {
  return `${host}:${port}`;
}

/** What identifies a node: names differ, and one name may stand for several nodes. */
export interface NodeIdentity {
  /** The keys of its addresses: as given and as resolved. */
  readonly keys: readonly string[];
  /** Undefined if it has not been read, or the user has no permission. */
  readonly id: string | undefined;
}

/**
 * From CLUSTER INFO: a node that was reset, or was never part of a Cluster. A node that serves all slots alone does not count.
 */
export function isAlone(info: string): boolean {
  return /^cluster_known_nodes:1\r?$/m.test(info) && /^cluster_slots_assigned:0\r?$/m.test(info);
}
