import type { CertificateAuthority } from './certificates.js';
import { ClusterView } from './cluster.view.js';
import { eventually } from './eventually.js';
import { freePort } from './free.port.js';
import { RedisServer } from './redis.server.js';
import type { RespReply } from './resp.client.js';

const SLOT_COUNT = 16_384;
const PORT_ATTEMPTS = 3;
const POLL = { timeoutMs: 30_000, intervalMs: 20 };
/**
 * So many connections share the slots that are moved. From Valkey 8 on a master answers SETSLOT when its replicas have it: thousands of
 * them one after the other would take half a minute, while one answer of a replica serves all connections.
 */
const SETSLOT_CONNECTIONS = 32;

export interface RedisClusterOptions {
  /** @default 3 */
  readonly masters?: number;
  /** @default 1 */
  readonly replicasPerMaster?: number;
  /**
   * A node that is silent for so long is taken for down. Shorter, and a busy machine sees failovers of its own.
   * @default 1500
   */
  readonly nodeTimeoutMs?: number;
  /** Of every node, as RedisServer takes them. A function is called for each node, e.g. to give it a TLS port. */
  readonly args?: readonly string[] | (() => Promise<readonly string[]>);
  /** Every node speaks TLS alone: see RedisServerOptions. */
  readonly authority?: CertificateAuthority;
}

/** One server of a cluster. */
export interface ClusterNode {
  readonly id: string;
  readonly server: RedisServer;
}

/**
 * A real Redis Cluster on loopback. What it says of masters, replicas and owners is what all running nodes agree on, and
 * it waits until they do.
 *
 * @example
 * const cluster = await RedisCluster.start();
 * const owner = await cluster.ownerOf('orders:{42}:created');
 * const newOwner = await cluster.failover(owner);
 * await cluster.stopAll();
 */
export class RedisCluster {
  private readonly members: ClusterNode[] = [];
  /** Those that run, and are no members any more. */
  private readonly removed: ClusterNode[] = [];
  /** Those that SIGSTOP holds. */
  private readonly stopped = new Set<ClusterNode>();
  /** Who may take the place of those that were killed or stopped. */
  private readonly heirs = new Map<ClusterNode, readonly ClusterNode[]>();

  private constructor(private readonly options: RedisClusterOptions) {}

  /** Resolves when every node takes the cluster for sound, knows all the others, and every replica is in sync. */
  static async start(options: RedisClusterOptions = {}): Promise<RedisCluster> {
    const { masters: masterCount = 3, replicasPerMaster = 1 } = options;
    const cluster = new RedisCluster(options);
    try {
      const nodes = await cluster.startNodes(masterCount * (1 + replicasPerMaster));
      const masters = nodes.slice(0, masterCount);
      const replicas = nodes.slice(masterCount);
      await Promise.all(masters.map((master, index) => claimSlots(master, index, masterCount)));
      await cluster.introduce(pairsOf(nodes));
      await Promise.all(
        replicas.map(({ server }, index) =>
          server.cli('CLUSTER', 'REPLICATE', masters[index % masterCount]!.id),
        ),
      );
      await cluster.sound();
      return cluster;
    } catch (error) {
      await cluster.stopAll();
      throw error;
    }
  }

  /** All that were started, running or not: first the masters, then their replicas, then what was added. */
  get nodes(): readonly ClusterNode[] {
    return this.members;
  }

  get nodeUrls(): readonly string[] {
    return this.members.map(({ server }) => server.url);
  }

  /** Those that run. */
  async masters(): Promise<readonly ClusterNode[]> {
    const view = await this.agreed();
    return this.answering().filter(({ id }) => !view.isReplica(id));
  }

  /** Those that run. */
  async replicasOf(master: ClusterNode): Promise<readonly ClusterNode[]> {
    const view = await this.agreed();
    return this.answering().filter(({ id }) => view.masterIdOf(id) === master.id);
  }

  /** Of a key or a shard channel, hash tags included. */
  async slotOf(name: string): Promise<number> {
    return Number(await this.answering()[0]!.server.cli('CLUSTER', 'KEYSLOT', name));
  }

  /** The master of the slot of a key or a shard channel. */
  async ownerOf(name: string): Promise<ClusterNode> {
    const slot = await this.slotOf(name);
    return this.nodeWith((await this.agreed()).ownerOf(slot)!.id);
  }

  /**
   * Lets a replica take the master's place (CLUSTER FAILOVER), and the master the replica's.
   *
   * @returns the new master, once all running nodes agree on it
   */
  async failover(master: ClusterNode): Promise<ClusterNode> {
    const [replica] = await this.replicasOf(master);
    if (replica === undefined) throw new Error(`No replica of the node on port ${master.server.port} runs.`);
    await replica.server.cli('CLUSTER', 'FAILOVER');
    await this.agreed((view) => view.masterIdOf(master.id) === replica.id);
    await this.sound();
    return replica;
  }

  /** SIGKILL; or SIGSTOP, with which the node's connections stay open and are silent until SIGCONT. */
  async kill(node: ClusterNode, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' = 'SIGKILL'): Promise<void> {
    if (signal === 'SIGCONT') this.stopped.delete(node);
    else this.heirs.set(node, await this.replicasOf(node));
    if (signal === 'SIGSTOP') this.stopped.add(node);
    await node.server.kill(signal);
  }

  /**
   * For a master that {@link kill} has killed or stopped.
   *
   * @returns the replica that has taken its place, once all running nodes agree on it
   */
  async takenOver(master: ClusterNode): Promise<ClusterNode> {
    const heirIds = new Set(this.heirs.get(master)?.map(({ id }) => id));
    const isHeir = ({ id }: { id: string }) => heirIds.has(id);
    const { masters } = await this.agreed((view) => view.masters.some(isHeir));
    await this.sound();
    return this.nodeWith(masters.find(isHeir)!.id);
  }

  /** Starts a killed node again. Resolves when it is part of the cluster, as a replica where its place is taken. */
  async restart(node: ClusterNode): Promise<void> {
    this.stopped.delete(node);
    await node.server.restart();
    await this.sound();
  }

  /** Moves a slot and its keys to another master, as resharding does. Resolves when all running nodes agree. */
  async migrateSlot(slot: number, to: ClusterNode): Promise<void> {
    const from = this.nodeWith((await this.agreed()).ownerOf(slot)!.id);
    await this.migrate([slot], from, to);
  }

  /** Adds a master without a replica. All masters have about as many slots then, with their keys. */
  async addMaster(): Promise<ClusterNode> {
    const { masters } = await this.agreed();
    const others = this.answering();
    const [node] = (await this.startNodes(1)) as [ClusterNode];
    await this.introduce(others.map((other) => [other, node]));
    // Until it takes the cluster for sound, a new master takes no keys.
    await this.sound();
    const share = Math.floor(SLOT_COUNT / (masters.length + 1) / masters.length);
    for (const { id, slotRanges } of masters) {
      await this.migrate(slotsIn(slotRanges).slice(0, share), this.nodeWith(id), node);
    }
    return node;
  }

  /**
   * Gives all slots of a master, with their keys, to another one: resolves when it has neither slots nor replicas. From Redis 7.0
   * on it becomes a replica of the heir by itself.
   */
  async drain(master: ClusterNode, heir: ClusterNode): Promise<void> {
    const { slotRanges } = (await viewOf(master)).itself;
    await this.migrate(slotsIn(slotRanges), master, heir);
    await Promise.all(
      (await this.replicasOf(master)).map(({ server }) => server.cli('CLUSTER', 'REPLICATE', heir.id)),
    );
    await this.agreed((view) => view.members.every(({ masterId }) => masterId !== master.id));
  }

  /** All others forget a node that serves no slots. It goes on, and does not know it. */
  async forget(node: ClusterNode): Promise<void> {
    this.members.splice(this.members.indexOf(node), 1);
    this.removed.push(node);
    await Promise.all(this.answering().map(({ server }) => server.cli('CLUSTER', 'FORGET', node.id)));
  }

  /** Takes a node that serves no slots out, as `redis-cli --cluster del-node` does. */
  async remove(node: ClusterNode, reset: 'SOFT' | 'HARD' = 'SOFT'): Promise<void> {
    await this.forget(node);
    await node.server.cli('CLUSTER', 'RESET', reset);
  }

  /** Takes in a node that another Cluster has let go of. Resolves when it knows who serves what here. */
  async adopt({ server }: ClusterNode): Promise<void> {
    const [member] = this.answering() as [ClusterNode];
    const { busPort } = (await viewOf(member)).itself;
    await server.cli('CLUSTER', 'MEET', '127.0.0.1', member.server.port, busPort);
    await eventually(async () => {
      expect(await server.cli('CLUSTER', 'INFO')).toContain('cluster_state:ok');
    }, POLL);
  }

  /** Ends every process. Idempotent. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.members, ...this.removed].map(({ server }) => server.stop()));
  }

  private async startNodes(count: number): Promise<readonly ClusterNode[]> {
    const starting = await Promise.allSettled(Array.from({ length: count }, () => startNode(this.options)));
    const nodes = starting.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
    this.members.push(...nodes);
    for (const start of starting) if (start.status === 'rejected') throw start.reason;
    return nodes;
  }

  /** Every one of them has to meet every other: to hear of each other by gossip takes seconds. */
  private async introduce(pairs: readonly (readonly [ClusterNode, ClusterNode])[]): Promise<void> {
    const meet = async ([{ server }, other]: readonly [ClusterNode, ClusterNode]) => {
      const { busPort } = (await viewOf(other)).itself;
      await server.cli('CLUSTER', 'MEET', '127.0.0.1', other.server.port, busPort);
    };
    await Promise.all(pairs.map(meet));
    await this.agreed();
  }

  private async migrate(slots: readonly number[], from: ClusterNode, to: ClusterNode): Promise<void> {
    const setSlots = (node: ClusterNode, ...state: string[]) =>
      Promise.all(
        inParts(slots, SETSLOT_CONNECTIONS).map((share) =>
          node.server.cliAll(share.map((slot) => ['CLUSTER', 'SETSLOT', slot, ...state])),
        ),
      );
    await setSlots(to, 'IMPORTING', from.id);
    await setSlots(from, 'MIGRATING', to.id);
    // On a busy machine a node may take another one for lost for a moment, and refuse keys meanwhile.
    await eventually(() => moveKeys(slots, from, to), POLL);
    await setSlots(to, 'NODE', to.id);
    await setSlots(from, 'NODE', to.id).catch((error: unknown) => {
      // A master that has heard of the loss of its last slot is a replica already. Where Valkey waits for its replicas
      // meanwhile, they are the heir's, and their answer does not come.
      if (!/only with masters|NOREPLICAS/.test(String(error))) throw error;
    });
    await this.agreed((view) => slots.every((slot) => view.ownerOf(slot)?.id === to.id));
  }

  /** Resolves with what all running nodes believe, once that is the same and `holds`. */
  private agreed(holds: (view: ClusterView) => boolean = () => true): Promise<ClusterView> {
    return eventually(async () => {
      const nodes = this.answering();
      const views = await Promise.all(nodes.map(viewOf));
      const [view] = views;
      const isShared = views.every(({ agreement }) => agreement === view!.agreement);
      const isComplete = views.every((seen) => this.members.every(({ id }) => seen.knows(id)));
      if (isShared && isComplete && holds(view!)) return view!;
      throw new Error(`The nodes do not agree yet:\n${views.map(({ agreement }) => agreement).join('\n\n')}`);
    }, POLL);
  }

  /** Resolves when clients can use the cluster: it works for every node, and each lists all replicas that run. */
  private async sound(): Promise<void> {
    await eventually(async () => {
      const nodes = this.answering();
      const view = await this.agreed();
      const replicas = nodes.filter(({ id }) => view.isReplica(id));
      await Promise.all(nodes.map((node) => assertWorks(node, replicas)));
    }, POLL);
  }

  private answering(): readonly ClusterNode[] {
    return this.members.filter((node) => this.answers(node));
  }

  private answers(node: ClusterNode): boolean {
    return node.server.isRunning && !this.stopped.has(node);
  }

  private nodeWith(id: string): ClusterNode {
    return this.members.find((node) => node.id === id)!;
  }
}

async function startNode(options: RedisClusterOptions): Promise<ClusterNode> {
  const server = await startServer(options);
  try {
    return { server, id: String(await server.cli('CLUSTER', 'MYID')) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function startServer(options: RedisClusterOptions): Promise<RedisServer> {
  const { nodeTimeoutMs = 1_500, args = [], authority } = options;
  for (let attempt = 1; ; attempt += 1) {
    const settings = {
      '--cluster-enabled': 'yes',
      '--cluster-node-timeout': nodeTimeoutMs,
      // By default it is in the range from which systems choose the local port of outgoing connections.
      '--cluster-port': await freePort(),
      '--repl-diskless-sync-delay': 0,
      // A replica is listed once it has received something, and without writes that is the first ping.
      '--repl-ping-replica-period': 1,
    };
    const given = typeof args === 'function' ? await args() : args;
    try {
      return await RedisServer.start({
        args: [...Object.entries(settings).flat().map(String), ...given],
        ...(authority && { authority }),
      });
    } catch (error) {
      const isTaken = String(error).includes('Address already in use');
      if (!isTaken || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function claimSlots({ server }: ClusterNode, index: number, masterCount: number): Promise<void> {
  const firstSlot = (part: number) => Math.floor((part * SLOT_COUNT) / masterCount);
  // Equal epochs would be sorted out later, one after the other.
  await server.cli('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
  await server.cli('CLUSTER', 'ADDSLOTSRANGE', firstSlot(index), firstSlot(index + 1) - 1);
}

async function moveKeys(slots: readonly number[], from: ClusterNode, to: ClusterNode): Promise<void> {
  const keysIn = (slot: number) => ['CLUSTER', 'GETKEYSINSLOT', slot, SLOT_COUNT];
  const keysOfSlots = (await from.server.cliAll(slots.map(keysIn))) as string[][];
  for (const keys of keysOfSlots.filter(({ length }) => length > 0)) {
    await from.server.cli('MIGRATE', '127.0.0.1', to.server.port, '', 0, 5_000, 'KEYS', ...keys);
  }
}

async function viewOf({ server }: ClusterNode): Promise<ClusterView> {
  return new ClusterView(String(await server.cli('CLUSTER', 'NODES')));
}

/** Clients can use this node, and it tells them of all these replicas. */
async function assertWorks({ server }: ClusterNode, replicas: readonly ClusterNode[]): Promise<void> {
  const info = String(await server.cli('CLUSTER', 'INFO'));
  const ranges = (await server.cli('CLUSTER', 'SLOTS')) as RespReply[][];
  const listed = ranges.flatMap(([_first, _last, ...nodes]) => nodes.map((node) => (node as RespReply[])[2]));
  const isListed = replicas.every(({ id }) => listed.includes(id));
  if (info.includes('cluster_state:ok') && isListed) return;
  throw new Error(`The cluster does not work yet for the node on port ${server.port}.`);
}

function pairsOf<T>(items: readonly T[]): [T, T][] {
  return items.flatMap((item, index) => items.slice(index + 1).map((other): [T, T] => [item, other]));
}

/** In order, in at most so many parts of which none is empty. */
function inParts<T>(items: readonly T[], most: number): T[][] {
  const size = Math.ceil(items.length / most);
  const parts = Math.ceil(items.length / size);
  return Array.from({ length: parts }, (_, index) => items.slice(index * size, (index + 1) * size));
}

function slotsIn(ranges: readonly (readonly [number, number])[]): number[] {
  return ranges.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index),
  );
}
