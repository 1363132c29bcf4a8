import { Redis } from 'ioredis';
import { Escapes } from '../../support/escapes.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis.server.js';
import { TcpProxy } from '../../support/tcp.proxy.js';
import type { LoadOptions } from './load.js';
import { Load } from './load.js';
import type { Contender, ContenderSetup, RunningContender } from './contender.js';

/** A Redis of its own for each test, whatever stands around it, and what would have ended the process meanwhile. */
export class FaultStage {
  readonly escapes = new Escapes();
  private server: RedisServer | undefined;
  private closers: (() => unknown)[] = [];

  /** @param args of redis-server */
  constructor(args: readonly string[] = []) {
    beforeEach(async () => {
      this.escapes.listen();
      this.server = await RedisServer.start({ args });
    });
    afterEach(async () => {
      try {
        for (const close of this.closers.splice(0).reverse()) await close();
        await this.server?.stop();
        expect(await this.escapes.take()).toEqual([]);
      } finally {
        this.escapes.release();
      }
    });
  }

  get redis(): RedisServer {
    if (this.server === undefined) throw new Error('The stage has a Redis inside of tests only.');
    return this.server;
  }

  /** Called after the test, before what was registered earlier. */
  closeLater(close: () => unknown): void {
    this.closers.push(close);
  }

  /** Starts a contender, which ends with the test at the latest. */
  start(
    contender: Contender,
    { url = this.redis.url, ...setup }: Partial<Omit<ContenderSetup, 'endLater'>> = {},
  ): Promise<RunningContender> {
    return contender.start({ url, ...setup, endLater: (end) => this.closeLater(end) });
  }

  /** Resolves when somebody is subscribed to each of these channels; Nest's transport does not wait for it. */
  async subscribed(...channels: readonly string[]): Promise<void> {
    await eventually(async () => expect(await this.subscriberCounts(channels)).not.toContain(0));
  }

  /** Resolves when nobody is subscribed to any of these channels. */
  async unsubscribed(...channels: readonly string[]): Promise<void> {
    await eventually(async () =>
      expect(new Set(await this.subscriberCounts(channels))).toEqual(new Set([0])),
    );
  }

  /** How many connections are subscribed to each of these channels. */
  async subscriberCounts(channels: readonly string[]): Promise<readonly number[]> {
    const reply = (await this.redis.cli('PUBSUB', 'NUMSUB', ...channels)) as (string | number)[];
    return reply.filter((_item, index) => index % 2 === 1).map(Number);
  }

  /** A connection from before the fault, for what is asked meanwhile: unlike `redis.cli()` it adds none. */
  async admin(): Promise<Redis> {
    const admin = new Redis(this.redis.url);
    this.closeLater(() => admin.disconnect());
    await admin.ping();
    return admin;
  }

  /** Connections that Redis has accepted since its start. */
  async connectionsReceived(admin: Redis): Promise<number> {
    return Number(/total_connections_received:(\d+)/.exec(await admin.info('stats'))?.[1]);
  }

  /** Events that somebody else publishes, in front of whatever happens. */
  async load(options: Omit<LoadOptions, 'port'> = {}): Promise<Load> {
    const load = await Load.start({ ...options, port: this.redis.port });
    this.closeLater(() => load.kill());
    return load;
  }

  /** A network that can be made a bad one, in front of Redis. */
  async proxy(): Promise<TcpProxy & { readonly url: string }> {
    const proxy = await TcpProxy.start({ targetPort: this.redis.port });
    this.closeLater(() => proxy.stop());
    return Object.assign(proxy, { url: `redis://127.0.0.1:${proxy.port}` });
  }
}
