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
