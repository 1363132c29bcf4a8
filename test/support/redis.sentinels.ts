import type { CertificateAuthority } from './certificates.js';
import { eventually } from './eventually.js';
import { RedisServer, type RedisServerOptions } from './redis.server.js';
import type { RespReply } from './resp.client.js';

/** What the sentinels call the master and its replicas. */
const NAME = 'mymaster';
const AGREED_WITHIN_MS = 30_000;
const POLL = { timeoutMs: AGREED_WITHIN_MS, intervalMs: 20 };

/** So often a sentinel tells the others of itself, which is how they find each other: while they start, and by default. */
const PUBLISH_PERIOD_MS = { atStart: 100, byDefault: 2_000 };
/** A sentinel whose process stalls for longer does nothing for half a minute. Its default is 2 s, which a busy machine may exceed. */
const TILT_TRIGGER_MS = 60_000;

export interface RedisSentinelsOptions {
  /** @default 1 */
  readonly replicas?: number;
  /** @default 3 */
  readonly sentinels?: number;
  /**
   * A master that is silent for so long is taken for down. Shorter, and a busy machine sees failovers of its own.
   * @default 1000
   */
  readonly downAfterMs?: number;
  /** For the master and its replicas: see {@link RedisServerOptions.args}. */
  readonly args?: readonly string[];
  /** All of them speak TLS alone: see {@link RedisServerOptions.authority}. */
  readonly authority?: CertificateAuthority;
}

/**
 * A real master with its replicas, watched by real sentinels, all on loopback. But for the time after which a master is
 * down, the sentinels have the timing of a real deployment.
 *
 * @example
 * const sentinels = await RedisSentinels.start();
 * const transport = redis(sentinels.redisOptions);
 * const newMaster = await sentinels.failover();
 * await sentinels.stop();
 */
export class RedisSentinels {
  private constructor(
    /** The first was the master at the start. */
    readonly servers: readonly RedisServer[],
    readonly sentinels: readonly RedisServer[],
  ) {}

  /** Resolves when every sentinel knows all the others and every replica, so that a failover succeeds. */
  static async start(options: RedisSentinelsOptions = {}): Promise<RedisSentinels> {
    const started: RedisServer[] = [];
    const start = async (serverOptions: RedisServerOptions) => {
      const { authority } = options;
      const server = await RedisServer.start({ ...serverOptions, ...(authority && { authority }) });
      started.push(server);
      return server;
    };
    try {
      const servers = await startServers(start, options);
      const sentinels = await startSentinels(start, servers[0]!, options);
      const all = new RedisSentinels(servers, sentinels);
      await all.acquainted();
      return all;
    } catch (error) {
      await Promise.all(started.map((server) => server.stop()));
      throw error;
    }
  }

  /** For `redis(…)`, and for a plain `new Redis(…)`. */
  get redisOptions(): { name: string; sentinels: { host: string; port: number }[] } {
    return { name: NAME, sentinels: this.sentinels.map(({ port }) => ({ host: '127.0.0.1', port })) };
  }

  /** The server that all running sentinels name, once they agree. */
  master(): Promise<RedisServer> {
    return this.agreed(() => true);
  }

  /**
   * Asks for another master (SENTINEL FAILOVER). The old one goes on as a master of its own until the sentinels make it
   * a replica, some ten seconds later.
   *
   * @returns the new master, once all running sentinels name it
   */
  async failover(): Promise<RedisServer> {
    const old = await this.master();
    await this.running()[0]!.cli('SENTINEL', 'FAILOVER', NAME);
    return this.agreed((server) => server !== old);
  }

  /**
   * Kills the master (SIGKILL). Its `restart()` brings it back as a master of its own, until the sentinels make it a
   * replica.
   *
   * @returns the new master, once all running sentinels name it
   */
  killMaster(): Promise<RedisServer> {
    return this.signalMaster('SIGKILL');
  }

  /**
   * Stops the master (SIGSTOP): its connections stay open and are silent until its `kill('SIGCONT')`.
   *
   * @returns the new master, once all running sentinels name it
   */
  stopMaster(): Promise<RedisServer> {
    return this.signalMaster('SIGSTOP');
  }

  /** Ends every process. Idempotent. */
  async stop(): Promise<void> {
    await Promise.all([...this.sentinels, ...this.servers].map((server) => server.stop()));
  }

  private async signalMaster(signal: NodeJS.Signals): Promise<RedisServer> {
    const old = await this.master();
    await old.kill(signal);
    return this.agreed((server) => server !== old);
  }

  private agreed(isExpected: (server: RedisServer) => boolean): Promise<RedisServer> {
    return eventually(async () => {
      const ports = await Promise.all(this.running().map(namedPort));
      const [server] = this.servers.filter(({ port }) => ports.every((named) => named === port));
      if (server !== undefined && isExpected(server)) return server;
      throw new Error(`The sentinels do not agree on another master: they name ${ports.join(', ')}.`);
    }, POLL);
  }

  private async acquainted(): Promise<void> {
    const { sentinels, servers } = this;
    const debug = (parameter: string, value: number) =>
      Promise.all(sentinels.map((sentinel) => tune(sentinel, parameter, value)));
    await debug('tilt-trigger', TILT_TRIGGER_MS);
    await debug('publish-period', PUBLISH_PERIOD_MS.atStart);
    const knowsAll = (sentinel: RedisServer) =>
      eventually(() => assertKnows(sentinel, sentinels.length - 1, servers.length - 1), POLL);
    await Promise.all(sentinels.map(knowsAll));
    await debug('publish-period', PUBLISH_PERIOD_MS.byDefault);
  }

  private running(): readonly RedisServer[] {
    return this.sentinels.filter(({ isRunning }) => isRunning);
  }
}

type Start = (options: RedisServerOptions) => Promise<RedisServer>;

async function startServers(
  start: Start,
  { replicas = 1, args = [] }: RedisSentinelsOptions,
): Promise<RedisServer[]> {
  const common = ['--repl-diskless-sync-delay', '0', ...args];
  const master = await start({ args: common });
  const replicaOf = ['--replicaof', '127.0.0.1', String(master.port)];
  const started = await Promise.all(
    Array.from({ length: replicas }, () => start({ args: [...replicaOf, ...common] })),
  );
  await Promise.all(started.map((replica) => inSync(replica, master)));
  return [master, ...started];
}

function startSentinels(
  start: Start,
  master: RedisServer,
  { sentinels = 3, downAfterMs = 1_000 }: RedisSentinelsOptions,
): Promise<RedisServer[]> {
  const quorum = Math.floor(sentinels / 2) + 1;
  const config = [
    `sentinel monitor ${NAME} 127.0.0.1 ${master.port} ${quorum}`,
    `sentinel down-after-milliseconds ${NAME} ${downAfterMs}`,
    // A vote that nobody wins is repeated after twice this time.
    `sentinel failover-timeout ${NAME} 5000`,
  ].join('\n');
  return Promise.all(Array.from({ length: sentinels }, () => start({ config, args: ['--sentinel'] })));
}

async function tune(sentinel: RedisServer, parameter: string, value: number): Promise<void> {
  try {
    await sentinel.cli('SENTINEL', 'DEBUG', parameter, value);
  } catch (error) {
    // Redis 6.2 has no such command: its sentinels take longer to find each other.
    if (!String(error).includes('Unknown subcommand')) throw error;
  }
}

function inSync(replica: RedisServer, master: RedisServer): Promise<void> {
  return eventually(async () => {
    const info = String(await replica.cli('INFO', 'replication'));
    const isSynced =
      info.includes(`master_port:${master.port}\r\n`) && info.includes('master_link_status:up');
    if (!isSynced)
      throw new Error(`The server on port ${replica.port} is not in sync with port ${master.port}.`);
  }, POLL);
}

async function namedPort(sentinel: RedisServer): Promise<number> {
  const address = await sentinel.cli('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME);
  return Number((address as RespReply[])[1]);
}

async function assertKnows(sentinel: RedisServer, others: number, replicas: number): Promise<void> {
  const master = fieldsOf(await sentinel.cli('SENTINEL', 'MASTER', NAME));
  const reply = (await sentinel.cli('SENTINEL', 'REPLICAS', NAME)) as RespReply[];
  const ready = reply.map(fieldsOf).filter((replica) => replica.get('master-link-status') === 'ok');
  if (Number(master.get('num-other-sentinels')) === others && ready.length === replicas) return;
  throw new Error(`The sentinel on port ${sentinel.port} does not know all the others yet.`);
}

function fieldsOf(reply: RespReply): Map<string, string> {
  const items = (reply as RespReply[]).map(String);
  const names = items.filter((_item, index) => index % 2 === 0);
  return new Map(names.map((name, index) => [name, items[2 * index + 1]!]));
}
