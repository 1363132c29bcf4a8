/** One line of CLUSTER NODES: what a node believes of another, or of itself. */
export interface ClusterMember {
  readonly id: string;
  /** Of the cluster bus. */
  readonly busPort: number;
  /** As they stand there: `myself`, `master`, `slave`, `fail?`, `fail`, `handshake`, `noaddr`. */
  readonly flags: ReadonlySet<string>;
  /** The id of its master. Undefined for a master. */
  readonly masterId: string | undefined;
  /** First and last of each range. */
  readonly slotRanges: readonly (readonly [number, number])[];
}

/** What one node believes of the whole cluster. */
export class ClusterView {
  readonly members: readonly ClusterMember[];

  /** @param nodes the answer to CLUSTER NODES */
  constructor(nodes: string) {
    this.members = nodes.trim().split('\n').map(memberOf);
  }

  /** The node whose view it is. */
  get itself(): ClusterMember {
    return this.members.find(({ flags }) => flags.has('myself'))!;
  }

  get masters(): readonly ClusterMember[] {
    return this.members.filter(({ flags }) => flags.has('master'));
  }

  knows(id: string): boolean {
    return this.members.some((member) => member.id === id);
  }

  isReplica(id: string): boolean {
    return this.masterIdOf(id) !== undefined;
  }

  /** Undefined for a master. */
  masterIdOf(id: string): string | undefined {
    return this.members.find((member) => member.id === id)?.masterId;
  }

  ownerOf(slot: number): ClusterMember | undefined {
    return this.members.find(({ slotRanges }) =>
      slotRanges.some(([first, last]) => first <= slot && slot <= last),
    );
  }

  /** Who is whose replica and who owns what, as text: equal for two nodes that agree. */
  get agreement(): string {
    return this.members
      .map(({ id, masterId, slotRanges }) => `${id} ${masterId ?? 'master'} ${JSON.stringify(slotRanges)}`)
      .toSorted()
      .join('\n');
  }
}

/** `id host:port@bus flags master ping-sent pong-received epoch link-state slot slot-slot [slot-<-importing] …` */
function memberOf(line: string): ClusterMember {
  const [id, address, flags, masterId, , , , , ...slots] = line.split(' ');
  return {
    id: id!,
    busPort: Number(/@(\d+)/.exec(address!)?.[1]),
    flags: new Set(flags!.split(',')),
    masterId: masterId === '-' ? undefined : masterId,
    slotRanges: slots.filter((slot) => !slot.startsWith('[')).map(rangeOf),
  };
}

function rangeOf(slots: string): [number, number] {
  const [first, last] = slots.split('-').map(Number);
  return [first!, last ?? first!];
}
