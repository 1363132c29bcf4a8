import type { ClusterOptions } from 'ioredis';
import { clearTimeout, setTimeout } from '../real.time.js';
import { OddReplyError } from '../redis/odd.reply.js';
import type { RedisConnection } from '../redis/redis.connection.js';
import type { ClusterNode, NodeAddress } from './cluster.node.js';
import { isAlone, nodeKey } from './cluster.node.js';
import type { ClusterSettings } from './redis-cluster.options.js';
import { SlotMap } from './slot.map.js';

/** One small question of one node. A heartbeat that is more frequent asks for as much: what it shows is a sign of life too. */
const READ_INTERVAL_MS = 1_000;
/** While something waits for a new owner. */
const URGENT_READ_INTERVAL_MS = 100;
/** So long the word of the old owner of a slot counts more than that of a node which may be the last to know. */
const LEARNT_FOR_MS = 15_000;

export interface TopologyListener {
  /** It was read: it may be another now. */
  read(): void;
  /** The node that was asked is no part of this Cluster any more, and what it says is not believed. */
  strayed(reason: Error): void;
  /** The node that was asked does not tell. */
  refused(error: Error): void;
}

/** Whom it asks, and as much of the connection as it needs. */
export interface TopologySource extends Pick<RedisConnection, 'address' | 'abandon' | 'causeOf'> {
  readonly redis: AskedClient;
  /** Of a link that is up, another one with each. */
  readonly socket: { readonly writable: boolean } | undefined;
}

interface AskedClient {
  readonly options: { readonly host?: string | undefined };
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** Which nodes there are and who serves which slot: asked of one node, again and again, and learnt from what others refuse. */
export class ClusterTopology {
  /** The Cluster says that it does not serve all slots. */
  isDown = false;
  private latestMap: SlotMap | undefined;
  /** The link on which that was read. */
  private readFrom: unknown;
  private readonly readIntervalMs: number;
  private readonly learnt = new Map<number, { readonly owner: NodeAddress; readonly untilMs: number }>();
  private reading: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isUrgent = false;
  private isClosed = false;

  constructor(
    private readonly settings: ClusterSettings,
    /** Whom to ask. */
    private readonly home: () => TopologySource,
    private readonly listener: TopologyListener,
  ) {
    const { intervalMs = READ_INTERVAL_MS } = settings.connection.heartbeat ?? {};
    this.readIntervalMs = Math.min(intervalMs, READ_INTERVAL_MS);
  }

  /** As it was last read. */
  get map(): SlotMap | undefined {
    return this.latestMap;
  }

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
    if (owner !== undefined) this.learnt.set(slot, { owner, untilMs: performance.now() + LEARNT_FOR_MS });
  }

  /** Where a node sends us on to when it refuses in this way. */
  addressIn(refusal: string, kind: 'MOVED' | 'ASK'): NodeAddress | undefined {
    const [, refused, host, port] = /^(MOVED|ASK) \d+ (\S*):(\d+)/.exec(refusal) ?? [];
    return refused === kind
      ? this.reach(host === '' ? undefined : host, Number(port), this.home())
      : undefined;
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

  /** What one node says, whichever. Rejects with what it answers instead. */
  async readAt({ redis }: Pick<TopologySource, 'redis'>): Promise<SlotMap> {
    const slots = await redis.call('CLUSTER', 'SLOTS');
    return new SlotMap(slots, (host, port) => this.reach(host, port, { redis }));
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
      this.isUrgent ? URGENT_READ_INTERVAL_MS : this.readIntervalMs,
    );
    this.timer.unref();
  }

  private async readOnce(): Promise<void> {
    const home = this.home();
    const { socket } = home;
    if (socket?.writable !== true) return;
    try {
      const [map, info] = await Promise.all([this.readAt(home), home.redis.call('CLUSTER', 'INFO')]);
      if (this.isClosed) return;
      const isSameLink = this.readFrom === socket;
      if (isAlone(String(info)) || (isSameLink && this.map?.overlaps(map) === false)) {
        this.listener.strayed(new Error(`${home.address} has left the Cluster`));
        return;
      }
      this.readFrom = socket;
      this.isDown = String(info).includes('cluster_state:fail');
      this.latestMap = map;
    } catch (error) {
      if (error instanceof OddReplyError) home.abandon(error);
      if (!this.isClosed) this.listener.refused(home.causeOf(error) as Error);
      return;
    }
    this.forget();
    this.listener.read();
  }

  /** What everybody knows by now, or nobody does. */
  private forget(): void {
    const nowMs = performance.now();
    for (const [slot, { owner, untilMs }] of this.learnt) {
      const known = this.map?.ownerOf(slot);
      const isKnown = known !== undefined && nodeKey(known) === nodeKey(owner);
      if (isKnown || untilMs < nowMs) this.learnt.delete(slot);
    }
  }

  /** @param asked who says so, and leaves its own host out when it does not know it */
  private reach(host: string | undefined, port: number, asked: Pick<TopologySource, 'redis'>): NodeAddress {
    const address = { host: host ?? asked.redis.options.host ?? '127.0.0.1', port };
    return mapped(this.settings.natMap, nodeKey(address)) ?? address;
  }
}

function mapped(natMap: ClusterOptions['natMap'], key: string): NodeAddress | undefined {
  return (typeof natMap === 'function' ? natMap(key) : natMap?.[key]) ?? undefined;
}
