import { RedisLogin, fixedOptions } from './redis.credentials.js';
import type { RedisLinkSettings } from './redis.options.js';
import { RedisSentinel } from './redis.sentinel.js';
import type { SentinelAnswer, SentinelAccess, ServerAddress } from './redis.sentinel.js';

const DEFAULT_MAX_SENTINELS = 10;

/** All sentinels of one master: those in the options, and those they know. */
export class RedisSentinels {
  private readonly known = new Map<string, RedisSentinel>();
  private readonly configured: ReadonlySet<string>;
  private readonly followers = new Set<() => void>();
  private isClosed = false;

  private constructor(private readonly options: SentinelAccess) {
    this.configured = new Set(this.addresses().map(keyOf));
  }

  /** Undefined if the options lead to one server. */
  static of(options: RedisLinkSettings): RedisSentinels | undefined {
    const { client, secrets } = options;
    // The driver's default is off, and a client does not show whether it was set explicitly.
    const given = client === undefined ? options : { ...client.options, failoverDetector: true };
    if (!given.sentinels || given.sentinels.length === 0) return undefined;
    const login =
      client === undefined
        ? RedisLogin.ofFunctions(options, secrets, 'sentinel')
        : new RedisLogin(() => client.options, secrets, 'sentinel');
    return new RedisSentinels({ ...fixedOptions(given), secrets, login });
  }

  /** Connects to them. */
  start(): void {
    for (const address of this.addresses()) this.add(address);
  }

  /** Called when another server may be the master, or a silent sentinel answers. */
  follow(news: () => void): void {
    this.followers.add(news);
  }

  /**
   * Queries all sentinels, and trusts the one that is up to date: after a failover, they learn of it one by one.
   *
   * @throws Error with the reason why none of them answers
   */
  async master(): Promise<ServerAddress> {
    const asked = await Promise.allSettled([...this.known.values()].map((sentinel) => sentinel.ask()));
    const answers = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const [first, ...others] = answers;
    if (first === undefined) {
      const reasons = asked.map((one) => (one.status === 'rejected' ? (one.reason as Error).message : ''));
      throw new Error(`no sentinel names the master (${reasons.join('; ')})`);
    }
    this.meet(answers);
    return others.reduce((newest, answer) => (answer.epoch > newest.epoch ? answer : newest), first).master;
  }

  /** From now on nothing is called. */
  close(): void {
    this.isClosed = true;
    this.followers.clear();
    for (const sentinel of this.known.values()) sentinel.close();
    this.known.clear();
  }

  private addresses(): ServerAddress[] {
    return (this.options.sentinels ?? []).map(({ host, port }) => ({
      host: host ?? '127.0.0.1',
      port: port ?? 26_379,
    }));
  }

  private add(address: ServerAddress): void {
    const key = keyOf(address);
    // A query sent before the end may be answered after it.
    if (this.isClosed || this.known.has(key)) return;
    const sentinel = new RedisSentinel(address, this.options, () => {
      for (const news of this.followers) news();
    });
    this.known.set(key, sentinel);
  }

  /** Removes those that have left, so that moving sentinels do not accumulate. */
  private meet(answers: readonly SentinelAnswer[]): void {
    const named = new Map(answers.flatMap(({ sentinels }) => sentinels).map((one) => [keyOf(one), one]));
    for (const [key, sentinel] of this.known) {
      if (!sentinel.isSilent || named.has(key) || this.configured.has(key)) continue;
      sentinel.close();
      this.known.delete(key);
    }
    const limit = this.options.sentinelMaxConnections ?? DEFAULT_MAX_SENTINELS;
    for (const address of named.values()) if (this.known.size < limit) this.add(address);
  }
}

function keyOf({ host, port }: ServerAddress): string {
  return `${host}:${port}`;
}
