import { randomUUID } from 'node:crypto';
import { BusClosedError } from '../../errors.js';
import { keySlot, nameInSlot } from '../../routing/key-slot.js';
import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import type { SubscribeOutcome, SubscriptionInfo, TransportListener } from '../event.transport.js';
import { clearTimeout, performance, setTimeout } from '../real.time.js';
import type { HandedOver, ShardRouting } from '../redis/redis.subscriber.js';
import { SubscriptionAnswers } from '../redis/subscription.answers.js';
import type { NodeAddress } from './cluster.node.js';
import { nodeKey } from './cluster.node.js';
import type { ClusterTopology } from './cluster.topology.js';
import { HAND_OVER_MS } from './hand-over.js';
import type { ClusterSettings } from './redis-cluster.options.js';
import { ShardNode } from './shard.node.js';
import type { ShardNodeEvents } from './shard.node.js';

/** A node that is no owner any more says so at once, unless it is cut off from the others. */
const DISOWNED_MS = 3_000;
/** Two nodes that send us to each other are asked so often at most. */
const RESETTLE_MS = 100;

/** Keeps each shard channel subscribed at the node that serves its slot, and moves it when another does. */
export class ShardSubscriber {
  private readonly nodes = new Map<string, ShardNode>();
  private readonly placed = new Map<string, ShardNode>();
  /** Nobody serves their slots right now. */
  private readonly homeless = new Map<string, HandedOver>();
  /** Their nodes serve them no more. */
  private readonly displaced = new Set<string>();
  private readonly answers = new SubscriptionAnswers();
  private readonly unusedNames = new Map<number, string>();
  private readonly routing: ShardRouting;
  private settleTimer: NodeJS.Timeout | undefined;
  /** Let go of, and not asked for at the heir yet. */
  private readonly pausing = new Map<string, HandedOver>();
  private readonly pauses = new Set<NodeJS.Timeout>();
  private settledAtMs = -Infinity;
  private readonly closing = new Set<Promise<void>>();
  private isClosed = false;

  constructor(
    private readonly settings: ClusterSettings,
    private readonly topology: ClusterTopology,
    private readonly listener: TransportListener,
    private readonly events: Omit<ShardNodeEvents, 'lost'>,
  ) {
    this.routing = {
      answers: this.answers,
      slotOf: keySlot,
      unusedNameBeside: (name) => this.unusedNameIn(keySlot(name)),
      displaced: (targets, refusal) => this.displace(targets, refusal),
    };
  }

  /** Every shard channel that was answered once is confirmed now. */
  get isWhole(): boolean {
    if (this.unplaced.some(({ cause }) => cause !== undefined)) return false;
    return [...this.nodes.values()].every(({ subscriber }) => subscriber.isWhole);
  }

  /** What keeps it from being whole. */
  get reason(): string {
    const broken = [...this.nodes.values()].find(({ subscriber }) => !subscriber.isWhole);
    if (broken === undefined && this.pausing.size > 0)
      return 'some shard channels are on their way to another node';
    if (broken === undefined) return 'no node serves the slots of some shard channels';
    return broken.connection.isUp ? broken.subscriber.reason : `no connection to ${broken.key}`;
  }

  /** Something waits for the Cluster to name another owner. */
  get isUrgent(): boolean {
    if (this.homeless.size > 0 || this.displaced.size > 0) return true;
    return [...this.nodes.values()].some(({ connection }) => !connection.isUp);
  }

  get connections(): readonly ShardNode['connection'][] {
    return [...this.nodes.values()].map(({ connection }) => connection);
  }

  /** Held, and at no node right now. */
  private get unplaced(): readonly HandedOver[] {
    return [...this.homeless.values(), ...this.pausing.values()];
  }

  async subscribe(targets: readonly SubscriptionTarget[]): Promise<readonly SubscribeOutcome[]> {
    const groups = new Map<ShardNode | undefined, SubscriptionTarget[]>();
    for (const target of targets) collect(groups, this.nodeFor(target), target);
    const outcomes = await Promise.all(
      [...groups].map(([node, group]) =>
        node === undefined
          ? Promise.all(group.map((target) => this.answers.next(target)))
          : node.subscriber.subscribe(group),
      ),
    );
    const byName = new Map(outcomes.flat().map((outcome) => [outcome.target.name, outcome]));
    return targets.map(({ name }) => byName.get(name) as SubscribeOutcome);
  }

  async unsubscribe(targets: readonly SubscriptionTarget[]): Promise<void> {
    const told = new Map<ShardNode, SubscriptionTarget[]>();
    for (const target of targets) {
      const node = this.placed.get(target.name);
      if (node !== undefined) collect(told, node, target);
      if (this.homeless.delete(target.name) || this.pausing.delete(target.name)) {
        this.answers.failed(target, () => new Error('it was unsubscribed meanwhile'));
      }
      this.displaced.delete(target.name);
      this.placed.delete(target.name);
      node?.targets.delete(target.name);
    }
    await Promise.all(
      [...told].map(async ([node, group]) => {
        await node.subscriber.unsubscribe(group);
        this.retire(node);
      }),
    );
  }

  subscriptions(): readonly SubscriptionInfo[] {
    const waiting = this.unplaced.map(({ target, cause }): SubscriptionInfo => ({
      target,
      state: cause === undefined ? 'wanted' : 'lost',
    }));
    return [...[...this.nodes.values()].flatMap(({ subscriber }) => subscriber.subscriptions()), ...waiting];
  }

  /** The topology was read: gives everything to its owner that is not there. */
  follow(): void {
    if (this.isClosed) return;
    this.settleAt([...this.homeless.values()]);
    for (const node of this.nodes.values()) this.followFrom(node);
    if (this.displaced.size > 0) this.settleSoon();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.settleTimer);
    for (const pause of this.pauses) clearTimeout(pause);
    for (const { target } of this.unplaced) this.answers.failed(target, () => new BusClosedError());
    await Promise.all([...[...this.nodes.values()].map((node) => node.close()), ...this.closing]);
  }

  /** Where it is, or is from now on. Undefined when nobody serves its slot. */
  private nodeFor(target: SubscriptionTarget): ShardNode | undefined {
    const placed = this.placed.get(target.name);
    if (placed !== undefined || this.homeless.has(target.name) || this.pausing.has(target.name))
      return placed;
    const node = this.assign(target);
    if (node === undefined) this.homeless.set(target.name, { target });
    return node;
  }

  /** Notes it for the owner of its slot. */
  private assign(target: SubscriptionTarget): ShardNode | undefined {
    const owner = this.topology.ownerOf(keySlot(target.name));
    if (owner === undefined) return undefined;
    const node = this.nodeAt(owner);
    node.targets.set(target.name, target);
    this.placed.set(target.name, node);
    return node;
  }

  /** Gives each to the owner of its slot. */
  private settleAt(all: readonly HandedOver[]): void {
    const groups = new Map<ShardNode, HandedOver[]>();
    for (const handed of all) {
      const { name } = handed.target;
      const node = this.assign(handed.target);
      if (node === undefined) {
        this.homeless.set(name, handed);
      } else {
        this.homeless.delete(name);
        collect(groups, node, handed);
      }
    }
    for (const [node, group] of groups) node.subscriber.takeOver(group);
  }

  private nodeAt(address: NodeAddress): ShardNode {
    const known = this.nodes.get(nodeKey(address));
    if (known !== undefined) return known;
    const lost = () => {
      this.topology.unlearn(address);
      this.events.changed();
      void this.topology.refresh();
    };
    const node = new ShardNode(this.settings, address, this.listener, this.routing, { ...this.events, lost });
    this.nodes.set(node.key, node);
    return node;
  }

  private followFrom(node: ShardNode): void {
    const leaving = [...node.targets.values()].filter((target) => this.isElsewhere(target, node));
    if (leaving.length === 0) {
      node.disownedSinceMs = undefined;
      return;
    }
    node.disownedSinceMs ??= performance.now();
    // While it delivers, its word counts more than that of a node which may be the last to know.
    const isOver = performance.now() - node.disownedSinceMs >= DISOWNED_MS;
    if (!node.connection.isUp || this.topology.isReplica(node.address) || isOver) this.move(leaving, node);
  }

  private isElsewhere({ name }: SubscriptionTarget, node: ShardNode): boolean {
    const owner = this.topology.ownerOf(keySlot(name));
    return owner !== undefined && nodeKey(owner) !== node.key;
  }

  private move(targets: readonly SubscriptionTarget[], from: ShardNode): void {
    for (const { name } of targets) {
      from.targets.delete(name);
      this.placed.delete(name);
      this.displaced.delete(name);
    }
    const handed = from.subscriber.handOver(targets);
    // What a demoted master has delivered is on its way to its heir.
    if (from.connection.isUp && this.topology.isReplica(from.address)) this.settleLater(handed);
    else this.settleAt(handed);
    this.retire(from);
  }

  private settleLater(handed: readonly HandedOver[]): void {
    for (const one of handed) this.pausing.set(one.target.name, one);
    const pause = setTimeout(() => {
      this.pauses.delete(pause);
      // What was unsubscribed meanwhile is not asked for any more.
      const due = handed.filter((one) => this.pausing.get(one.target.name) === one);
      for (const { target } of due) this.pausing.delete(target.name);
      this.settleAt(due);
      this.events.changed();
    }, HAND_OVER_MS);
    this.pauses.add(pause);
  }

  private displace(targets: readonly SubscriptionTarget[], refusal: string | undefined): void {
    if (refusal !== undefined) this.topology.learn(refusal);
    for (const { name } of targets) if (this.placed.has(name)) this.displaced.add(name);
    this.settleSoon();
  }

  private settleSoon(): void {
    if (this.settleTimer !== undefined || this.isClosed) return;
    const waitMs = Math.max(0, this.settledAtMs + RESETTLE_MS - performance.now());
    this.settleTimer = setTimeout(() => void this.settle(), waitMs);
  }

  /** Asks the node that has let go of them where they are now, unless the topology knows already. */
  private async settle(): Promise<void> {
    const isKnown = [...this.displaced].every((name) => {
      const node = this.placed.get(name);
      return node === undefined || this.isElsewhere({ kind: 'shard', name }, node);
    });
    if (!isKnown) await this.topology.refresh();
    this.settleTimer = undefined;
    this.settledAtMs = performance.now();
    if (this.isClosed) return;
    const groups = new Map<ShardNode, SubscriptionTarget[]>();
    for (const name of this.displaced) {
      const node = this.placed.get(name);
      if (node !== undefined) collect(groups, node, { kind: 'shard', name });
    }
    this.displaced.clear();
    for (const [node, targets] of groups) {
      const leaving = targets.filter((target) => this.isElsewhere(target, node));
      if (leaving.length > 0) this.move(leaving, node);
      node.subscriber.askAgain();
    }
  }

  /** Closes the connection that nothing is left on. */
  private retire(node: ShardNode): void {
    if (node.targets.size > 0 || this.nodes.get(node.key) !== node) return;
    this.nodes.delete(node.key);
    const closed = node.close();
    this.closing.add(closed);
    void closed.then(() => this.closing.delete(closed));
    this.events.changed();
  }

  private unusedNameIn(slot: number): string {
    let name = this.unusedNames.get(slot);
    if (name === undefined) {
      name = nameInSlot(slot, `heartbeat:${randomUUID()}`);
      this.unusedNames.set(slot, name);
    }
    return name;
  }
}

function collect<Key, Item>(groups: Map<Key, Item[]>, key: Key, item: Item): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [item]);
  else group.push(item);
}
