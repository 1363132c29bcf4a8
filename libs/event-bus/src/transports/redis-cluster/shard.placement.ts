import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import { collect } from '../collect.js';
import type { HandedOver } from '../redis/shard.hand-over.js';

/**
 * - `unassigned`: no node serves its slot.
 * - `pausing`: it has left one node, and goes to another after a delay.
 * - `placed`: at the node that serves its slot, as far as known.
 * - `displaced`: at a node that no longer serves it, and does not name the new owner.
 */
type Phase = 'unassigned' | 'pausing' | 'placed' | 'displaced';

interface Entry<Node> {
  readonly handed: HandedOver;
  phase: Phase;
  /** The node where it is placed, or displaced from. */
  readonly node: Node | undefined;
}

/** Where each shard channel is. Pure: the owner of the connections reports events, and asks what to do. */
export class ShardPlacement<Node> {
  private readonly entries = new Map<string, Entry<Node>>();
  /** The same by phase: with thousands of channels, no query scans all. */
  private readonly phases: Readonly<Record<Phase, Set<Entry<Node>>>> = {
    unassigned: new Set(),
    pausing: new Set(),
    placed: new Set(),
    displaced: new Set(),
  };
  /** Placed or displaced, by node. */
  private readonly byNode = new Map<Node, Set<Entry<Node>>>();

  /** No node serves their slots right now. */
  get unassigned(): readonly HandedOver[] {
    return handedIn(this.phases.unassigned);
  }

  /** Wanted, and at no node right now. */
  get unplaced(): readonly HandedOver[] {
    return [...this.unassigned, ...handedIn(this.phases.pausing)];
  }

  get isPausing(): boolean {
    return this.phases.pausing.size > 0;
  }

  get hasDisplaced(): boolean {
    return this.phases.displaced.size > 0;
  }

  /** Some wait for the Cluster to name another owner. */
  get isUrgent(): boolean {
    return this.phases.unassigned.size > 0 || this.hasDisplaced;
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  /** Undefined if it is at no node. */
  nodeOf(name: string): Node | undefined {
    return this.entries.get(name)?.node;
  }

  targetsAt(node: Node): readonly SubscriptionTarget[] {
    return handedIn(this.byNode.get(node) ?? []).map(({ target }) => target);
  }

  isEmpty(node: Node): boolean {
    return !this.byNode.has(node);
  }

  place(handed: HandedOver, node: Node): void {
    this.set({ handed, phase: 'placed', node });
  }

  leaveUnassigned(handed: HandedOver): void {
    this.set({ handed, phase: 'unassigned', node: undefined });
  }

  /** It has left one node, and goes to another after a delay. */
  pause(handed: HandedOver): void {
    this.set({ handed, phase: 'pausing', node: undefined });
  }

  /** Ends the pause of those that were paused with these and are still wanted. Returns them for placement. */
  endPause(all: readonly HandedOver[]): readonly HandedOver[] {
    const due = all.filter((handed) => {
      const entry = this.entries.get(handed.target.name);
      return entry?.phase === 'pausing' && entry.handed === handed;
    });
    for (const { target } of due) this.remove(target.name);
    return due;
  }

  /** Their nodes no longer serve them. Channels at no node are ignored. */
  displace(names: Iterable<string>): void {
    for (const name of names) {
      const entry = this.entries.get(name);
      if (entry?.phase === 'placed') this.move(entry, 'displaced');
    }
  }

  /** The channels whose nodes no longer serve them, by node. From now on they count as placed there. */
  takeDisplaced(): ReadonlyMap<Node, readonly SubscriptionTarget[]> {
    const taken = new Map<Node, SubscriptionTarget[]>();
    for (const entry of this.phases.displaced) {
      collect(taken, entry.node as Node, entry.handed.target);
      this.move(entry, 'placed');
    }
    return taken;
  }

  /** Whether the condition holds for every displaced channel. */
  everyDisplaced(holds: (target: SubscriptionTarget, node: Node) => boolean): boolean {
    return [...this.phases.displaced].every(({ handed, node }) => holds(handed.target, node as Node));
  }

  /** It is no longer wanted. */
  remove(name: string): void {
    const entry = this.entries.get(name);
    if (entry === undefined) return;
    this.entries.delete(name);
    this.phases[entry.phase].delete(entry);
    const { node } = entry;
    if (node === undefined) return;
    const others = this.byNode.get(node);
    others?.delete(entry);
    if (others?.size === 0) this.byNode.delete(node);
  }

  private set(entry: Entry<Node>): void {
    const { name } = entry.handed.target;
    this.remove(name);
    this.entries.set(name, entry);
    this.phases[entry.phase].add(entry);
    if (entry.node === undefined) return;
    const others = this.byNode.get(entry.node);
    if (others === undefined) this.byNode.set(entry.node, new Set([entry]));
    else others.add(entry);
  }

  private move(entry: Entry<Node>, phase: Phase): void {
    this.phases[entry.phase].delete(entry);
    entry.phase = phase;
    this.phases[phase].add(entry);
  }
}

function handedIn<Node>(entries: Iterable<Entry<Node>>): readonly HandedOver[] {
  return [...entries].map(({ handed }) => handed);
}
