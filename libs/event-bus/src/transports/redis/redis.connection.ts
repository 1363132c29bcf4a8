import type { Redis } from 'ioredis';
import { clearTimeout, setTimeout } from '../real.time.js';
import { disconnect, quit } from './client.ending.js';
import { ConnectionDiagnosis } from './connection.diagnosis.js';
import type { RedisConnectionListener } from './connection.listener.js';
import { streamOf } from './driver.internals.js';
import { heartbeatLink } from './heartbeat.link.js';
import { MessageInlet } from './message.inlet.js';
import { RedisBackOff } from './redis.back-off.js';
import { MAX_BACK_OFF_MS, createClient, masterConnectorOf } from './redis.client.js';
import { RedisCommands } from './redis.commands.js';
import { causeOf, isReplyError } from './redis.errors.js';
import { OddReplyError } from './odd.reply.js';
import { RedisHeartbeat } from './redis.heartbeat.js';
import type { LinkProof } from './redis.heartbeat.js';
import type { RedisBusOptions, RedisLinkSettings } from './redis.options.js';
import type { RedisMasterConnector } from './redis.master.connector.js';
import type { RedisSecrets } from './redis.secrets.js';
import type { RedisSentinels } from './redis.sentinels.js';
import { guardReplies } from './reply.guard.js';
import { isOutOfStep } from './redis.slot-moves.js';

/** A connection to one Redis server that reconnects automatically, and never queues or repeats a command. */
export class RedisConnection {
  readonly redis: Redis;
  /** Identifies the current link until it is closed: commands are written to it at once. It may just have ended. */
  socket: Redis['stream'] | undefined;
  /** The link is proven: it has delivered a message, or accepted one. When it ends, the next attempt follows at once. */
  isProved = false;
  /** Reads messages before the driver does. Undefined if `fastPath` is off. */
  readonly inlet: MessageInlet | undefined;
  private readonly secrets: RedisSecrets;
  private readonly master: RedisMasterConnector | undefined;
  private readonly heartbeat: RedisHeartbeat;
  private readonly diagnosis: ConnectionDiagnosis;
  private readonly commands: RedisCommands;
  private readonly backOff = new RedisBackOff();
  private isClosed = false;
  private wasUp = false;
  private restartTimer: NodeJS.Timeout | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    options: RedisLinkSettings,
    private readonly listener: RedisConnectionListener,
    sentinels?: RedisSentinels,
    /** The address of each attempt, for a Cluster. Otherwise the options contain it. */
    private readonly nextNode?: () => { readonly host: string; readonly port: number },
  ) {
    const redis = createClient(options, sentinels);
    this.redis = redis;
    this.inlet = options.messages && new MessageInlet(options.messages);
    this.secrets = options.secrets;
    this.master = masterConnectorOf(redis);
    this.heartbeat = this.createHeartbeat(options);
    this.diagnosis = new ConnectionDiagnosis(redis, options.secrets, (reason) => listener.error?.(reason));
    this.commands = new RedisCommands(redis, options.secrets, (name) => listener.unsubscribed?.(name));
    this.countAttempts();
    this.follow();
  }

  get isUp(): boolean {
    return !this.isClosed && this.wasUp && this.redis.status === 'ready';
  }

  /** Commands are written now. */
  get isWritable(): boolean {
    return this.socket?.writable === true;
  }

  /** The event loop was blocked shortly before now. */
  get wasBlocked(): boolean {
    return this.heartbeat.wasBlocked;
  }

  /** As {@link RedisHeartbeat.proof}. */
  get proof(): LinkProof | undefined {
    return this.heartbeat.proof;
  }

  /** The resolved address of the server that last accepted a connection. Undefined for a path, and before the first. */
  get peerAddress(): { readonly host: string; readonly port: number } | undefined {
    return this.diagnosis.peerAddress;
  }

  /** The address it connects to, without credentials. */
  get address(): string {
    const { path, host, port, sentinels, name } = this.redis.options;
    if (sentinels && sentinels.length > 0) return `sentinel ${String(name)}`;
    return path ?? `${host}:${port}`;
  }

  /** Starts connecting, and continues until closed. The results are reported to the listener. */
  start(): void {
    this.aim();
    this.redis.connect().catch(() => undefined);
  }

  /** Like {@link RedisCommands.send}. */
  send(name: string, args: readonly string[], answered: (reply: unknown) => void): Promise<void> {
    return this.commands.send(name, args, answered);
  }

  /** Like {@link RedisCommands.call}. */
  call(name: string, args: (string | Buffer)[]): Promise<unknown> {
    return this.commands.call(name, args);
  }

  /** The error with which {@link redis} or {@link call} rejected, in a form that is safe as the cause of our errors. */
  causeOf(error: unknown): unknown {
    return causeOf(error, this.secrets);
  }

  /** Resolves when the server has answered PING, even with an error. */
  async ping(): Promise<void> {
    try {
      await this.send('ping', [], (reply) => {
        if (!Buffer.isBuffer(reply) || reply.toString() !== 'PONG') this.distrust('ping');
      });
    } catch (error) {
      if (!isReplyError(error)) throw error;
    }
  }

  /** The reply does not belong to this command: ends the link, because the rest of the stream cannot be trusted. */
  distrust(command: string): OddReplyError {
    const error = new OddReplyError(command);
    this.abandon(error);
    return error;
  }

  /**
   * Resolves with true when this leads to the master: always, without Sentinel. If the sentinels name another server, the link
   * is ended.
   */
  async confirmMaster(): Promise<boolean> {
    return this.master?.confirm() ?? true;
  }

  /** Ends the link at once, so that the next attempt starts. */
  abandon(reason: Error): void {
    if (this.isUp) streamOf(this.redis).destroy(reason);
  }

  /** Lets commands in flight settle when `graceful`, then ends the connection. Idempotent. */
  close({ graceful }: { graceful: boolean }): Promise<void> {
    this.closing ??= this.end(graceful);
    this.socket = undefined;
    return this.closing;
  }

  private async end(graceful: boolean): Promise<void> {
    if (graceful && this.isUp) await quit(this.redis);
    this.isClosed = true;
    clearTimeout(this.restartTimer);
    this.heartbeat.stop();
    this.diagnosis.close();
    await disconnect(this.redis);
  }

  /** The driver's events about its attempts. */
  private follow(): void {
    this.redis.on('reconnecting', () => this.aim());
    this.redis.on('connecting', () => this.diagnosis.begin());
    this.redis.on('connect', () => this.connected());
    this.redis.on('ready', () => this.ready());
    this.redis.on('close', () => this.lost());
    this.redis.on('error', (error: Error) => this.failed(error));
    // ioredis gives up if an attempt cannot succeed, for example with a port out of range.
    this.redis.on('end', () => {
      if (this.closing === undefined) this.restartTimer = setTimeout(() => this.start(), MAX_BACK_OFF_MS);
    });
  }

  private aim(): void {
    if (this.nextNode === undefined || this.closing !== undefined) return;
    const { host, port } = this.nextNode();
    Object.assign(this.redis.options, { host, port });
  }

  private countAttempts(): void {
    const { options } = this.redis;
    const delayMs = options.retryStrategy;
    options.retryStrategy = (attempt) => delayMs?.(this.backOff.next(attempt, this.isProved));
  }

  private createHeartbeat({ heartbeat }: RedisBusOptions): RedisHeartbeat {
    const { redis, listener } = this;
    const ping = async () => {
      await (listener.ping === undefined ? this.ping() : listener.ping());
      this.isProved = true;
    };
    const blocked = (blockedMs: number) => {
      if (this.closing === undefined) listener.blocked?.(blockedMs);
    };
    return new RedisHeartbeat(heartbeatLink(redis, { ping, blocked }), heartbeat);
  }

  private connected(): void {
    const stream = streamOf(this.redis);
    guardReplies(this.redis, (error) => stream.destroy(error), this.inlet);
    if (this.isClosed) return;
    this.diagnosis.connected();
    this.heartbeat.expectHandshake();
  }

  private ready(): void {
    if (this.isClosed) return;
    this.isProved = false;
    this.backOff.begin();
    if (this.listener.admit === undefined) return this.admitted();
    const stream = streamOf(this.redis);
    this.listener.admit().then(
      () => {
        if (!this.isClosed && streamOf(this.redis) === stream && !stream.destroyed) this.admitted();
      },
      (reason: unknown) => stream.destroy(reason as Error),
    );
  }

  private admitted(): void {
    this.wasUp = true;
    if (this.closing === undefined) this.socket = streamOf(this.redis);
    this.diagnosis.succeeded();
    this.heartbeat.start();
    this.listener.up?.();
  }

  private lost(): void {
    if (this.isClosed) return;
    const { wasUp } = this;
    this.wasUp = false;
    this.socket = undefined;
    this.commands.reset();
    this.heartbeat.stop();
    if (wasUp) this.listener.down?.(this.diagnosis.reason);
    else this.diagnosis.turnedAway();
  }

  private failed(error: Error): void {
    if (!this.isClosed && isOutOfStep(error)) this.abandon(error);
    else this.diagnosis.failed(error);
  }
}
