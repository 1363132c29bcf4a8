/** Where a node of the Cluster is reached. */
export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

export interface ClusterNode extends NodeAddress {
  readonly isMaster: boolean;
}

/** Two addresses are the same node exactly when their keys are equal. */
export function nodeKey({ host, port }: NodeAddress): string {
  return `${host}:${port}`;
}

/** What a node may be known by: names differ, and a name may stand for several nodes. */
export interface NodeIdentity {
  /** Keys of where it is reached: as it was given, and as it was resolved. */
  readonly keys: readonly string[];
  /** Undefined where it has not told, or the user may not ask. */
  readonly id: string | undefined;
}

/** By CLUSTER INFO: a node that was reset, or has never been part of a Cluster. One that serves all slots alone is none. */
export function isAlone(info: string): boolean {
  return /^cluster_known_nodes:1\r?$/m.test(info) && /^cluster_slots_assigned:0\r?$/m.test(info);
}
