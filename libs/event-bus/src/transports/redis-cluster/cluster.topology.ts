import type { ClusterOptions } from 'ioredis';
import { clearTimeout, setTimeout } from '../real.time.js';
import { OddReplyError } from '../redis/odd.reply.js';
import type { RedisConnection } from '../redis/redis.connection.js';
import type { ClusterNode, NodeAddress } from './cluster.node.js';
import { isAlone, nodeKey } from './cluster.node.js';
import type { ClusterSettings } from './redis-cluster.options.js';
import { SlotMap } from './slot.map.js';

/**
 * One small query to one node. A more frequent heartbeat makes it more frequent too, because the answer shows that the node is
 * alive.
 */
const READ_INTERVAL_MS = 1_000;
/** While a subscription or message waits for a new owner. */
const URGENT_READ_INTERVAL_MS = 100;
/** For this time the old owner of a slot is trusted more than a node that may not know the change yet. */
const LEARNT_FOR_MS = 15_000;

export interface TopologyListener {
  /** The topology was read, and may have changed. */
  read(): void;
  /** The node that was asked is no longer part of this Cluster, and its answer is ignored. */
  strayed(reason: Error): void;
  /** The node that was asked answered with an error. */
  refused(error: Error): void;
}

/** The node to query, and the part of its connection that is needed. */
export interface TopologySource extends Pick<RedisConnection, 'address' | 'abandon' | 'causeOf'> {
  readonly redis: AskedClient;
  /** Identifies the current link: different for each link. */
  readonly socket: { readonly writable: boolean } | undefined;
}

interface AskedClient {
  readonly options: { readonly host?: string | undefined };
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** Which nodes exist and which node serves which slot: read from one node repeatedly, and learnt from redirects. */
export class ClusterTopology {
  /** The Cluster reports that it does not serve all slots. */
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
    /** The node to query. */
    private readonly home: () => TopologySource,
    private readonly listener: TopologyListener,
  ) {
    const { intervalMs = READ_INTERVAL_MS } = settings.connection.heartbeat ?? {};
    this.readIntervalMs = Math.min(intervalMs, READ_INTERVAL_MS);
  }

  /** As last read. */
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

  /** The nodes to try for a connection that may lead to any node: the last known ones, then the configured ones. */
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

  /** The error of a node that refused: `MOVED 3999 127.0.0.1:6381`, or anything else. */
  learn(refusal: string): void {
    const owner = this.addressIn(refusal, 'MOVED');
    const slot = Number(refusal.split(' ')[1]);
    if (owner !== undefined) this.learnt.set(slot, { owner, untilMs: performance.now() + LEARNT_FOR_MS });
  }

  /** The node that a redirect points to. */
  addressIn(refusal: string, kind: 'MOVED' | 'ASK'): NodeAddress | undefined {
    const [, refused, host, port] = /^(MOVED|ASK) \d+ (\S*):(\d+)/.exec(refusal) ?? [];
    return refused === kind
      ? this.reach(host === '' ? undefined : host, Number(port), this.home())
      : undefined;
  }

  /** It does not answer: discards what was learnt about it. */
  unlearn(owner: NodeAddress): void {
    for (const [slot, learnt] of this.learnt) {
      if (nodeKey(learnt.owner) === nodeKey(owner)) this.learnt.delete(slot);
    }
  }

  /** Reads more often while something waits for it. */
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

  /** Asks any one node. Rejects with what it answers instead. */
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

  /** Forgets learnt owners that the map contains by now, or that are too old. */
  private forget(): void {
    const nowMs = performance.now();
    for (const [slot, { owner, untilMs }] of this.learnt) {
      const known = this.map?.ownerOf(slot);
      const isKnown = known !== undefined && nodeKey(known) === nodeKey(owner);
      if (isKnown || untilMs < nowMs) this.learnt.delete(slot);
    }
  }

  /** @param asked the node that answers; it omits its own host if it does not know it */
  private reach(host: string | undefined, port: number, asked: Pick<TopologySource, 'redis'>): NodeAddress {
    const address = { host: host ?? asked.redis.options.host ?? '127.0.0.1', port };
    return mapped(this.settings.natMap, nodeKey(address)) ?? address;
  }
}

function mapped(natMap: ClusterOptions['natMap'], key: string): NodeAddress | undefined {
  return (typeof natMap === 'function' ? natMap(key) : natMap?.[key]) ?? undefined;
}
