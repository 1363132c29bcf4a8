import type { ClusterOptions } from 'ioredis';
import { causeOf } from '../redis/redis.errors.js';
import type { RedisConnection } from '../redis/redis.connection.js';
import type { ClusterNode, NodeAddress } from './cluster.node.js';
import { nodeKey } from './cluster.node.js';
import type { ClusterSettings } from './redis-cluster.options.js';
import { SlotMap } from './slot.map.js';

/** One small question of one node. */
const READ_INTERVAL_MS = 1_000;
/** While something waits for a new owner. */
const URGENT_READ_INTERVAL_MS = 100;
/** So long the word of the old owner of a slot counts more than that of a node which may be the last to know. */
const LEARNT_FOR_MS = 15_000;

export interface TopologyListener {
  /** It was read: it may be another now. */
  read(): void;
  /** The node that was asked does not tell. */
  refused(error: Error): void;
}

/** Which nodes there are and who serves which slot: asked of one node, again and again, and learnt from what others refuse. */
export class ClusterTopology {
  /** The Cluster says that it does not serve all slots. */
  isDown = false;
  private map: SlotMap | undefined;
  private readonly learnt = new Map<number, { readonly owner: NodeAddress; readonly untilMs: number }>();
  private reading: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isUrgent = false;
  private isClosed = false;

  constructor(
    private readonly settings: ClusterSettings,
    /** Whom to ask. */
    private readonly home: () => RedisConnection,
    private readonly listener: TopologyListener,
  ) {}

  get isKnown(): boolean {
    return this.map !== undefined;
  }

  /** Masters first. Empty while nothing is known. */
  get nodes(): readonly ClusterNode[] {
    return this.map?.nodes ?? [];
  }

  get masters(): readonly ClusterNode[] {
    return this.map?.masters ?? [];
  }

  /** Those to try for a connection that may lead to any node: the last known ones, then where it all began. */
  get candidates(): readonly ClusterNode[] {
    const seeds = this.settings.seeds.filter((seed) => this.map?.has(seed) !== true);
    return this.nodes.length === 0
      ? seeds
      : [...this.nodes, ...seeds.map((seed) => ({ ...seed, isMaster: false }))];
  }

  has(node: NodeAddress): boolean {
    return this.map?.has(node) ?? false;
  }

  isReplica(node: NodeAddress): boolean {
    return this.nodes.some((known) => !known.isMaster && nodeKey(known) === nodeKey(node));
  }

  ownerOf(slot: number): NodeAddress | undefined {
    return this.learnt.get(slot)?.owner ?? this.map?.ownerOf(slot);
  }

  /** What a node said when it refused: `MOVED 3999 127.0.0.1:6381`, or anything else. */
  learn(refusal: string): void {
    const owner = this.addressIn(refusal, 'MOVED');
    const slot = Number(refusal.split(' ')[1]);
    if (owner !== undefined) this.learnt.set(slot, { owner, untilMs: Date.now() + LEARNT_FOR_MS });
  }

  /** Where a node sends us on to when it refuses in this way. */
  addressIn(refusal: string, kind: 'MOVED' | 'ASK'): NodeAddress | undefined {
    const [, refused, host, port] = /^(MOVED|ASK) \d+ (\S*):(\d+)/.exec(refusal) ?? [];
    return refused === kind ? this.reach(host === '' ? undefined : host, Number(port)) : undefined;
  }

  /** It does not answer: what was learnt of it is of no use. */
  unlearn(owner: NodeAddress): void {
    for (const [slot, learnt] of this.learnt) {
      if (nodeKey(learnt.owner) === nodeKey(owner)) this.learnt.delete(slot);
    }
  }

  /** Reads more often as long as something waits for it. */
  set urgent(isUrgent: boolean) {
    if (this.isUrgent === isUrgent) return;
    this.isUrgent = isUrgent;
    if (isUrgent) this.schedule();
  }

  /** Resolves when it was read, or cannot be read right now. */
  refresh(): Promise<void> {
    this.reading ??= this.readOnce().finally(() => {
      this.reading = undefined;
      this.schedule();
    });
    return this.reading;
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  private schedule(): void {
    clearTimeout(this.timer);
    if (this.isClosed) return;
    this.timer = setTimeout(
      () => void this.refresh(),
      this.isUrgent ? URGENT_READ_INTERVAL_MS : READ_INTERVAL_MS,
    );
    this.timer.unref();
  }

  private async readOnce(): Promise<void> {
    const home = this.home();
    if (!home.isWritable) return;
    try {
      const [slots, info] = await Promise.all([
        home.redis.call('CLUSTER', 'SLOTS'),
        home.redis.call('CLUSTER', 'INFO'),
      ]);
      if (this.isClosed) return;
      this.isDown = String(info).includes('cluster_state:fail');
      this.map = new SlotMap(slots, (host, port) => this.reach(host, port));
    } catch (error) {
      if (!this.isClosed) this.listener.refused(causeOf(error) as Error);
      return;
    }
    this.forget();
    this.listener.read();
  }

  /** What everybody knows by now, or nobody does. */
  private forget(): void {
    const nowMs = Date.now();
    for (const [slot, { owner, untilMs }] of this.learnt) {
      const known = this.map?.ownerOf(slot);
      const isKnown = known !== undefined && nodeKey(known) === nodeKey(owner);
      if (isKnown || untilMs < nowMs) this.learnt.delete(slot);
    }
  }

  private reach(host: string | undefined, port: number): NodeAddress {
    const address = { host: host ?? this.home().redis.options.host ?? '127.0.0.1', port };
    return mapped(this.settings.natMap, nodeKey(address)) ?? address;
  }
}

function mapped(natMap: ClusterOptions['natMap'], key: string): NodeAddress | undefined {
  return (typeof natMap === 'function' ? natMap(key) : natMap?.[key]) ?? undefined;
}
