import { windowSince } from '../../clock.js';
import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import type { SubscribeOutcome, SubscriptionInfo, SubscriptionState } from '../event.transport.js';
import type { SubscriptionListener } from '../redis/delivery.gate.js';
import { TargetMap } from '../target.map.js';
import type { NodeAddress } from './cluster.node.js';
import { nodeKey } from './cluster.node.js';
import type { ClusterTopology } from './cluster.topology.js';
import type { KeyspaceNode } from './keyspace.node.js';
import { PendingCloses } from './pending.closes.js';
import type { SubscribedNodeEvents } from './subscribed.node.js';

/** The worst first: a target has the worst of its states at all masters. */
const STATES: readonly SubscriptionState[] = ['denied', 'lost', 'pending', 'wanted', 'active'];

/** One master that is subscribed to. */
export interface MasterOfKeys extends Pick<KeyspaceNode, 'key' | 'isFullySubscribed' | 'reason' | 'close'> {
  readonly connection: Pick<KeyspaceNode['connection'], 'isUp' | 'proof' | 'address'>;
  readonly subscriber: Pick<KeyspaceNode['subscriber'], 'subscribe' | 'unsubscribe' | 'subscriptions'>;
}

/** @param isAwaited see KeyspaceNode */
export type OpenKeyspaceNode = (
  master: NodeAddress,
  listener: SubscriptionListener,
  isAwaited: boolean,
) => MasterOfKeys;

/** Each master publishes key events only for its own keys, so their channels are subscribed at all masters, whichever exist. */
export class KeyspaceSubscriber {
  private readonly wanted = new TargetMap<SubscriptionTarget>();
  private readonly nodes = new Map<string, MasterOfKeys>();
  /** The masters that deliver a target. */
  private readonly delivering = new TargetMap<Set<string>>();
  /** Resolve when the masters are known. */
  private readonly waiting: (() => void)[] = [];
  private readonly closing = new PendingCloses();
  /** performance.now() when the known masters were last the subscribed ones. */
  private soundAtMs = performance.now();
  private isClosed = false;

  constructor(
    private readonly topology: Pick<ClusterTopology, 'isKnown' | 'masters'>,
    private readonly listener: SubscriptionListener,
    private readonly events: Pick<SubscribedNodeEvents, 'changed'>,
    private readonly open: OpenKeyspaceNode,
  ) {}

  /** Everything that was answered once is confirmed by every master now. */
  get isFullySubscribed(): boolean {
    return [...this.nodes.values()].every(({ isFullySubscribed }) => isFullySubscribed);
  }

  /** What is missing. */
  get reason(): string {
    const broken = [...this.nodes.values()].find(({ isFullySubscribed }) => !isFullySubscribed);
    return broken?.reason ?? 'subscriptions are not confirmed yet';
  }

  get connections(): readonly MasterOfKeys['connection'][] {
    return [...this.nodes.values()].map(({ connection }) => connection);
  }

  /** Resolves when every master has answered; the first refusal counts. */
  async subscribe(targets: readonly SubscriptionTarget[]): Promise<readonly SubscribeOutcome[]> {
    if (targets.length === 0) return [];
    for (const target of targets) this.wanted.set(target, target);
    if (!this.topology.isKnown) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.openMissing({ isAwaited: true });
    const nodes = [...this.nodes.values()];
    const answers = await Promise.all(
      nodes.map(async (node) => ({ node, outcomes: await node.subscriber.subscribe(targets) })),
    );
    // A node that has left in the meantime says nothing about the target.
    const counting = answers.filter(({ node }) => this.isClosed || this.nodes.get(node.key) === node);
    return targets.map((target, index) => {
      const refusal = counting.map(({ outcomes }) => outcomes[index]).find((outcome) => outcome?.error);
      return refusal ?? { target };
    });
  }

  async unsubscribe(targets: readonly SubscriptionTarget[]): Promise<void> {
    if (targets.length === 0) return;
    for (const target of targets) this.wanted.delete(target);
    await Promise.all([...this.nodes.values()].map((node) => node.subscriber.unsubscribe(targets)));
    if (this.wanted.size === 0) for (const node of this.nodes.values()) this.retire(node);
  }

  subscriptions(): readonly SubscriptionInfo[] {
    const lists = [...this.nodes.values()].map(({ subscriber }) => subscriber.subscriptions());
    return this.wanted.values().map((target) => {
      const infos = lists.flatMap((list) =>
        list.filter((info) => info.target.kind === target.kind && info.target.name === target.name),
      );
      const worst = STATES.flatMap((state) => infos.filter((info) => info.state === state))[0];
      return worst ?? { target, state: 'wanted' };
    });
  }

  /** The topology was read: subscribes at new masters, and leaves nodes that are no longer masters. */
  follow(): void {
    if (this.isClosed) return;
    for (const resolve of this.waiting.splice(0)) resolve();
    if (this.wanted.size === 0) return;
    const masters = new Set(this.topology.masters.map(nodeKey));
    // A Cluster without masters means that the topology is unknown.
    if (masters.size === 0) return;
    const isSame = masters.size === this.nodes.size && [...masters].every((key) => this.nodes.has(key));
    if (isSame) {
      this.soundAtMs = performance.now();
      return;
    }
    for (const node of this.nodes.values()) if (!masters.has(node.key)) this.retire(node);
    for (const node of this.openMissing({ isAwaited: false })) void this.joinLate(node, this.soundAtMs);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const resolve of this.waiting.splice(0)) resolve();
    for (const node of this.nodes.values()) this.retire(node);
    await this.closing.settled();
  }

  /** The keys of this master were at another master before, or nowhere: earlier key events of them are missing. */
  private async joinLate(node: MasterOfKeys, fromMs: number): Promise<void> {
    const targets = this.wanted.values();
    const outcomes = await node.subscriber.subscribe(targets);
    const back = outcomes.filter(({ error }) => error === undefined).map(({ target }) => target);
    if (this.isClosed || this.nodes.get(node.key) !== node || back.length === 0) return;
    this.listener.resumed({ reason: 'connection-lost', targets: back, ...windowSince(fromMs) });
  }

  private openMissing({ isAwaited }: { isAwaited: boolean }): readonly MasterOfKeys[] {
    if (this.isClosed) return [];
    const missing = this.topology.masters.filter((master) => !this.nodes.has(nodeKey(master)));
    return missing.map((master) => {
      const key = nodeKey(master);
      const node = this.open(master, this.listenerOf(key), isAwaited);
      this.nodes.set(node.key, node);
      return node;
    });
  }

  /** A target is confirmed by the first master and released by the last. */
  private listenerOf(node: string): SubscriptionListener {
    return {
      message: (message) => this.listener.message({ ...message, node }),
      confirmed: (targets) => this.confirmed(node, targets),
      released: (targets) => this.released(node, targets),
      denied: (targets, sinceMs) => this.listener.denied(targets, sinceMs),
      resumed: (interruption) => this.listener.resumed(interruption),
    };
  }

  private retire(node: MasterOfKeys): void {
    this.nodes.delete(node.key);
    this.released(node.key, this.wanted.values());
    this.closing.add(node.close());
    this.events.changed();
  }

  private confirmed(key: string, targets: readonly SubscriptionTarget[]): void {
    const first = targets.filter((target) => {
      const masters = this.delivering.get(target) ?? new Set();
      this.delivering.set(target, masters.add(key));
      return masters.size === 1;
    });
    if (first.length > 0) this.listener.confirmed(first);
  }

  private released(key: string, targets: readonly SubscriptionTarget[]): void {
    const last = targets.filter((target) => {
      const masters = this.delivering.get(target);
      if (masters?.delete(key) !== true || masters.size > 0) return false;
      return this.delivering.delete(target);
    });
    if (last.length > 0 && !this.isClosed) this.listener.released(last);
  }
}
