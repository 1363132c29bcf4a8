import { BusClosedError } from '../../errors.js';
import { keySlot } from '../../routing/key-slot.js';
import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import { collect } from '../collect.js';
import type { SubscribeOutcome, SubscriptionInfo } from '../event.transport.js';
import { clearTimeout, performance, setTimeout } from '../real.time.js';
import type { HandedOver } from '../redis/shard.hand-over.js';
import type { ShardRouting } from '../redis/shard.routing.js';
import { SubscriptionAnswers } from '../redis/subscription.answers.js';
import type { NodeAddress } from './cluster.node.js';
import { nodeKey } from './cluster.node.js';
import type { ClusterTopology } from './cluster.topology.js';
import { HAND_OVER_MS } from './hand-over.js';
import { PendingCloses } from './pending.closes.js';
import type { OpenShardNode, OpenedNode } from './shard.node.js';
import { ShardPlacement } from './shard.placement.js';
import type { SubscribedNodeEvents } from './subscribed.node.js';

/** A node that is no longer the owner says so at once, unless it is cut off from the others. */
const OWNER_CHANGED_MS = 3_000;
/** The minimum interval of queries to two nodes that redirect to each other. */
const RESETTLE_MS = 100;

/** Keeps each shard channel subscribed at the node that serves its slot, and moves it when the owner changes. */
export class ShardSubscriber<Node extends OpenedNode> {
  private readonly nodes = new Map<string, Node>();
  private readonly placement = new ShardPlacement<Node>();
  private readonly answers = new SubscriptionAnswers();
  private readonly routing: ShardRouting;
  private readonly pauses = new Set<NodeJS.Timeout>();
  /** performance.now() since when the Cluster names another owner for some channels of a node. */
  private readonly ownerChangedAtMs = new Map<Node, number>();
  private readonly closing = new PendingCloses();
  private settleTimer: NodeJS.Timeout | undefined;
  private settledAtMs = -Infinity;
  private isClosed = false;

  constructor(
    private readonly topology: Pick<
      ClusterTopology,
      'ownerOf' | 'isReplica' | 'learn' | 'unlearn' | 'refresh'
    >,
    private readonly events: Pick<SubscribedNodeEvents, 'changed'>,
    private readonly open: OpenShardNode<Node>,
  ) {
    this.routing = {
      answers: this.answers,
      slotOf: keySlot,
      displaced: (targets, refusal) => this.displaced(targets, refusal),
    };
  }

  /** Every shard channel that was answered once is confirmed now. */
  get isFullySubscribed(): boolean {
    if (this.placement.unplaced.some(({ cause }) => cause !== undefined)) return false;
    return [...this.nodes.values()].every(({ isFullySubscribed }) => isFullySubscribed);
  }

  /** What is missing for a full subscription. */
  get reason(): string {
    const broken = [...this.nodes.values()].find(({ isFullySubscribed }) => !isFullySubscribed);
    if (broken !== undefined) return broken.reason;
    return this.placement.isPausing
      ? 'some shard channels are moving to another node'
      : 'no node serves the slots of some shard channels';
  }

  /** A channel waits for the Cluster to name another owner. */
  get isUrgent(): boolean {
    return this.placement.isUrgent || this.connections.some(({ isUp }) => !isUp);
  }

  get connections(): readonly Node['connection'][] {
    return [...this.nodes.values()].map(({ connection }) => connection);
  }

  async subscribe(targets: readonly SubscriptionTarget[]): Promise<readonly SubscribeOutcome[]> {
    const groups = new Map<Node | undefined, SubscriptionTarget[]>();
    for (const target of targets) collect(groups, this.nodeFor(target), target);
    const outcomes = await Promise.all(
      [...groups].map(([node, group]) =>
        node === undefined ? this.answers.next(group) : node.subscriber.subscribe(group),
      ),
    );
    const byName = new Map(outcomes.flat().map((outcome) => [outcome.target.name, outcome]));
    return targets.map(({ name }) => byName.get(name) as SubscribeOutcome);
  }

  async unsubscribe(targets: readonly SubscriptionTarget[]): Promise<void> {
    const told = new Map<Node, SubscriptionTarget[]>();
    for (const target of targets) {
      if (!this.placement.has(target.name)) continue;
      const node = this.placement.nodeOf(target.name);
      if (node !== undefined) collect(told, node, target);
      else this.answers.failed(target, () => new Error('it was unsubscribed meanwhile'));
      this.placement.remove(target.name);
    }
    await Promise.all(
      [...told].map(async ([node, group]) => {
        await node.subscriber.unsubscribe(group);
        this.retire(node);
      }),
    );
  }

  subscriptions(): readonly SubscriptionInfo[] {
    const waiting = this.placement.unplaced.map(({ target, cause }): SubscriptionInfo => ({
      target,
      state: cause === undefined ? 'wanted' : 'lost',
    }));
    return [...[...this.nodes.values()].flatMap(({ subscriber }) => subscriber.subscriptions()), ...waiting];
  }

  /** The topology was read: moves each channel to its owner. */
  follow(): void {
    if (this.isClosed) return;
    this.settleAt(this.placement.unassigned);
    for (const node of this.nodes.values()) this.followFrom(node);
    if (this.placement.hasDisplaced) this.settleSoon();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.settleTimer);
    for (const pause of this.pauses) clearTimeout(pause);
    for (const { target } of this.placement.unplaced) {
      this.answers.failed(target, () => new BusClosedError());
    }
    await Promise.all([...[...this.nodes.values()].map((node) => node.close()), this.closing.settled()]);
  }

  /** The node where it is, or is from now on. Undefined if no node serves its slot, or not yet. */
  private nodeFor(target: SubscriptionTarget): Node | undefined {
    if (!this.placement.has(target.name)) this.assign({ target });
    return this.placement.nodeOf(target.name);
  }

  /** Assigns it to the owner of its slot. Undefined if there is none. */
  private assign(handed: HandedOver): Node | undefined {
    const owner = this.topology.ownerOf(keySlot(handed.target.name));
    if (owner === undefined) {
      this.placement.leaveUnassigned(handed);
      return undefined;
    }
    const node = this.nodeAt(owner);
    this.placement.place(handed, node);
    return node;
  }

  /** Assigns each to the owner of its slot. */
  private settleAt(all: readonly HandedOver[]): void {
    const groups = new Map<Node, HandedOver[]>();
    for (const handed of all) {
      const node = this.assign(handed);
      if (node !== undefined) collect(groups, node, handed);
    }
    for (const [node, group] of groups) node.subscriber.takeOver(group);
  }

  private nodeAt(address: NodeAddress): Node {
    const known = this.nodes.get(nodeKey(address));
    if (known !== undefined) return known;
    const lost = () => {
      this.topology.unlearn(address);
      this.events.changed();
      void this.topology.refresh();
    };
    const node = this.open(address, this.routing, lost);
    this.nodes.set(node.key, node);
    return node;
  }

  private followFrom(node: Node): void {
    const leaving = this.placement.targetsAt(node).filter((target) => this.isElsewhere(target, node));
    const sinceMs = this.ownerChangedAtMs.get(node) ?? performance.now();
    this.ownerChangedAtMs.delete(node);
    if (leaving.length === 0) return;
    this.ownerChangedAtMs.set(node, sinceMs);
    // While it delivers, it is trusted more than a node that may not know the change yet.
    const isOver = performance.now() - sinceMs >= OWNER_CHANGED_MS;
    if (!node.connection.isUp || this.topology.isReplica(node.address) || isOver) this.move(leaving, node);
  }

  private isElsewhere({ name }: SubscriptionTarget, node: Node): boolean {
    const owner = this.topology.ownerOf(keySlot(name));
    return owner !== undefined && nodeKey(owner) !== node.key;
  }

  private move(targets: readonly SubscriptionTarget[], from: Node): void {
    for (const { name } of targets) this.placement.remove(name);
    const handed = from.subscriber.handOver(targets);
    // The messages that a demoted master has delivered are still being forwarded to its successor.
    if (from.connection.isUp && this.topology.isReplica(from.address)) this.settleLater(handed);
    else this.settleAt(handed);
    this.retire(from);
  }

  private settleLater(handed: readonly HandedOver[]): void {
    for (const one of handed) this.placement.pause(one);
    const pause = setTimeout(() => {
      this.pauses.delete(pause);
      this.settleAt(this.placement.endPause(handed));
      this.events.changed();
    }, HAND_OVER_MS);
    this.pauses.add(pause);
  }

  private displaced(targets: readonly SubscriptionTarget[], refusal: string | undefined): void {
    if (refusal !== undefined) this.topology.learn(refusal);
    this.placement.displace(targets.map(({ name }) => name));
    this.settleSoon();
  }

  private settleSoon(): void {
    if (this.settleTimer !== undefined || this.isClosed) return;
    const waitMs = Math.max(0, this.settledAtMs + RESETTLE_MS - performance.now());
    this.settleTimer = setTimeout(() => void this.settle(), waitMs);
  }

  /** Asks the node that has released them for the new owner, unless the topology already knows it. */
  private async settle(): Promise<void> {
    if (!this.placement.everyDisplaced((target, node) => this.isElsewhere(target, node))) {
      await this.topology.refresh();
    }
    this.settleTimer = undefined;
    this.settledAtMs = performance.now();
    if (this.isClosed) return;
    for (const [node, targets] of this.placement.takeDisplaced()) {
      const leaving = targets.filter((target) => this.isElsewhere(target, node));
      if (leaving.length > 0) this.move(leaving, node);
      node.subscriber.askAgain();
    }
  }

  /** Closes the connection if nothing is left on it. */
  private retire(node: Node): void {
    if (!this.placement.isEmpty(node) || this.nodes.get(node.key) !== node) return;
    this.nodes.delete(node.key);
    this.ownerChangedAtMs.delete(node);
    this.closing.add(node.close());
    this.events.changed();
  }
}
