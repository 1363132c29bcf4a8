import { AbstractConnector } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { clearTimeout, setTimeout } from '../real.time.js';
import type { LoginStep } from './login.step.js';
import { openStream } from './open.stream.js';
import type { NetStream } from './open.stream.js';
import type { ServerAddress } from './redis.sentinel.js';
import type { RedisSentinels } from './redis.sentinels.js';

/** The wait ends when a sentinel answers again. */
const NO_SENTINEL_BACK_OFF_MS = 1_000;

/**
 * Connects a client of ioredis to the server that the sentinels name as the master, and ends the connection when they name
 * another.
 *
 * Replaces the driver's own connector, which trusts the first sentinel that answers, even one that has not learnt of a
 * failover; waits forever for one that has stopped; prints errors to the console; and leaves a client that waits for its next
 * attempt waiting.
 */
export class RedisMasterConnector extends AbstractConnector {
  private target: ServerAddress | undefined;
  private tell: (error: Error) => void = () => undefined;
  private wake: () => void = () => undefined;
  private backOffMs = 0;
  private isMoving = false;

  constructor(
    private readonly options: RedisOptions,
    private readonly sentinels: Pick<RedisSentinels, 'follow' | 'master'>,
    /** What must be requested before each connection. */
    private readonly login?: LoginStep,
  ) {
    super(options.disconnectTimeout ?? 0);
    sentinels.follow(() => {
      this.wake();
      void this.confirm();
    });
  }

  /** For `retryStrategy`: we wait ourselves, because the driver's wait cannot be cut short. */
  waitNext(backOffMs: number): number {
    this.backOffMs = this.isMoving ? 0 : backOffMs;
    this.isMoving = false;
    return 0;
  }

  /**
   * Resolves with true when the sentinels name the server that this is connected to. If they name another, the connection is
   * ended, and the next one leads there.
   */
  async confirm(): Promise<boolean> {
    const { stream, target } = this;
    if (target === undefined || stream.destroyed) return false;
    const master = await this.sentinels.master().catch(() => undefined);
    if (master === undefined) return false;
    const { host, port } = master;
    if (host === target.host && port === target.port) return true;
    this.isMoving = true;
    stream.destroy(new Error(`${host}:${port} is the master now`));
    return false;
  }

  override async connect(tell: (type: string, error: Error) => void): Promise<NetStream> {
    this.connecting = true;
    this.tell = (error) => tell('error', error);
    await this.pause(this.backOffMs);
    while (this.connecting) {
      try {
        const master = await this.sentinels.master();
        if (this.connecting) await this.login?.take();
        if (this.connecting) return this.open(master);
      } catch (error) {
        if (!this.connecting) break;
        this.tell(error as Error);
        await this.pause(NO_SENTINEL_BACK_OFF_MS);
      }
    }
    throw new Error('Connection is closed.');
  }

  override check(info: { role?: string } | null): boolean {
    const role = info?.role;
    const isMaster = role === undefined || role === 'master';
    if (!isMaster) this.tell(new Error('the server that the sentinels name is still a replica'));
    return isMaster;
  }

  override disconnect(): void {
    super.disconnect();
    this.login?.end();
    this.wake();
  }

  private open(target: ServerAddress): NetStream {
    const { tls, enableTLSForSentinelMode, family } = this.options;
    const address = family === undefined ? target : { ...target, family };
    this.target = target;
    this.stream = openStream(address, enableTLSForSentinelMode ? tls : undefined, (error) => {
      this.firstError = error;
    });
    return this.stream;
  }

  private pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, durationMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
