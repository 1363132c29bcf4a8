import { Command } from 'ioredis';
import type { Redis } from 'ioredis';
import { clearTimeout, setTimeout } from '../real.time.js';
import { RedisBackOff } from './redis.back-off.js';
import { MAX_BACK_OFF_MS, createClient } from './redis.client.js';
import { CLOSED_BY_SERVER, causeOf, isMute, isNothingSubscribed, isReplyError } from './redis.errors.js';
import { OddReplyError } from './odd.reply.js';
import { RedisHeartbeat } from './redis.heartbeat.js';
import type { RedisBusOptions, RedisLinkSettings } from './redis.options.js';
import type { RedisMasterConnector } from './redis.master.connector.js';
import { RedisProbe } from './redis.probe.js';
import type { ProbeAddress } from './redis.probe.js';
import type { RedisSecrets } from './redis.secrets.js';
import type { RedisSentinels } from './redis.sentinels.js';
import { guardReplies } from './reply.guard.js';
import { RedisSlotMoves, isOutOfStep } from './redis.slot-moves.js';
import type { SlotDriver } from './redis.slot-moves.js';

/** A server that does not answer QUIT by then does not answer the publishes before it either. */
const QUIT_TIMEOUT_MS = 1_000;
/** Longer than `disconnectTimeout`, after which ioredis destroys the socket. Only Sentinel may need longer. */
const END_TIMEOUT_MS = 1_000;

/** What a connection tells its owner. Each is optional: who leaves one out does nothing about it. */
export interface RedisConnectionListener {
  /**
   * The server has accepted us, and the link is used for nothing yet: resolves when it may be. It is ended when this rejects,
   * and with the reason another attempt begins. What it asks, the heartbeat watches over.
   */
  admit?(): Promise<void>;
  /** The link is live: commands may be sent. */
  up?(): void;
  /** The link is gone; another attempt follows by itself. */
  down?(reason: Error | undefined): void;
  /** An attempt failed, or the server refused us. */
  error?(error: Error): void;
  /**
   * Time for a sign of life: asks something that the server answers at once. Resolves with the answer, whatever it is.
   * @default PING
   */
  ping?(): Promise<void>;
  /** The event loop has stood still for at least so long. */
  blocked?(blockedMs: number): void;
  /** A node of a Cluster has unsubscribed this shard channel by itself, at this place of the byte stream. */
  unsubscribed?(shardChannel: string): void;
}

/** What ioredis keeps to itself. */
interface DriverInternals extends SlotDriver {
  readonly condition: { subscriber: unknown };
}

/** One connection to one Redis server that comes back by itself and never queues or repeats a command. */
export class RedisConnection {
  readonly redis: Redis;
  private readonly secrets: RedisSecrets;
  private readonly master: RedisMasterConnector | undefined;
  private readonly internals: DriverInternals;
  private readonly heartbeat: RedisHeartbeat;
  private readonly slotMoves: RedisSlotMoves;
  private readonly backOff = new RedisBackOff();
  private isClosed = false;
  private wasUp = false;
  /** The best reason known since the link was up. */
  private latestError: Error | undefined;
  /** Whether this attempt has told why it failed. */
  private isExplained = false;
  /** At most one until the link is up. */
  private probe: RedisProbe | undefined;
  /** Where the server was last found, which with Sentinel no option tells. */
  private peer: { host: string; port: number } | undefined;
  private restartTimer: NodeJS.Timeout | undefined;
  private closing: Promise<void> | undefined;
  private subscriberMode: unknown;

  constructor(
    options: RedisLinkSettings,
    private readonly listener: RedisConnectionListener,
    sentinels?: RedisSentinels,
    /** Where each attempt leads, on a Cluster. Otherwise where the options say. */
    private readonly nextNode?: () => { readonly host: string; readonly port: number },
  ) {
    const { redis, master } = createClient(options, sentinels);
    this.redis = redis;
    this.secrets = options.secrets;
    this.master = master;
    this.internals = this.redis as unknown as DriverInternals;
    this.heartbeat = this.createHeartbeat(options);
    this.slotMoves = new RedisSlotMoves(this.internals, (name) => listener.unsubscribed?.(name));
    this.countAttempts();
    this.redis.on('moved', () => this.slotMoves.answerMoved());
    this.redis.on('reconnecting', () => this.aim());
    this.redis.on('connecting', () => {
      this.isExplained = false;
    });
    this.redis.on('connect', () => this.connected());
    this.redis.on('ready', () => this.ready());
    this.redis.on('close', () => this.lost());
    this.redis.on('error', (error: Error) => this.failed(error));
    // ioredis gives up where it takes an attempt for hopeless, such as a port out of range.
    this.redis.on('end', () => {
      if (this.closing === undefined) this.restartTimer = setTimeout(() => this.start(), MAX_BACK_OFF_MS);
    });
  }

  get isUp(): boolean {
    return !this.isClosed && this.wasUp && this.redis.status === 'ready';
  }

  /** What is sent now is written now. A link may be up, and its socket ended, for a moment. */
  get isWritable(): boolean {
    return this.isUp && this.closing === undefined && this.redis.stream.writable;
  }

  /** The event loop was blocked shortly before now. */
  get wasBlocked(): boolean {
    return this.heartbeat.wasBlocked;
  }

  /** The address behind the name, of the server that last accepted a connection. Undefined for a path, and before the first. */
  get peerAddress(): { readonly host: string; readonly port: number } | undefined {
    return this.peer;
  }

  /** Where it connects to, without credentials. */
  get address(): string {
    const { path, host, port, sentinels, name } = this.redis.options;
    if (sentinels && sentinels.length > 0) return `sentinel ${String(name)}`;
    return path ?? `${host}:${port}`;
  }

  /** The link is of use: it has delivered a message, or taken one. When it ends, the next attempt follows at once. */
  prove(): void {
    this.backOff.prove();
  }

  /** Starts connecting and goes on until closed. What comes of it is told to the listener. */
  start(): void {
    this.aim();
    this.redis.connect().catch(() => undefined);
  }

  /**
   * Sends one command. `answered` is called at the reply's place in the byte stream, before any message that
   * the server sent after it; a promise would be resolved only after the rest of the chunk was parsed.
   */
  async send(name: string, args: readonly string[], answered: (reply: unknown) => void): Promise<void> {
    const command = commandOf(name, [...args], 'utf8');
    this.slotMoves.expect(command);
    const { resolve, reject } = command;
    command.resolve = (reply) => {
      this.keepSubscriberMode();
      answered(reply);
      resolve(reply);
    };
    command.reject = (error) => {
      // Valkey 8.0 says so where others answer with a count.
      if (isNothingSubscribed(error)) command.resolve(0);
      else reject(error);
    };
    try {
      await this.redis.sendCommand(command);
    } catch (error) {
      throw this.causeOf(error);
    }
  }

  /**
   * Sends one command, and resolves with its reply, in which texts are Buffers.
   *
   * @throws what ioredis says, for {@link causeOf}
   */
  call(name: string, args: (string | Buffer)[]): Promise<unknown> {
    const command = commandOf(name, args, null);
    this.redis.sendCommand(command);
    return command.promise;
  }

  /** What {@link redis} or {@link call} rejected with, fit to be the cause of one of our errors. */
  causeOf(error: unknown): unknown {
    return causeOf(error, this.secrets);
  }

  /** Resolves when the server has answered PING: a refusal is an answer as well. */
  async ping(): Promise<void> {
    try {
      await this.send('ping', [], (reply) => {
        if (!Buffer.isBuffer(reply) || reply.toString() !== 'PONG') this.distrust('ping');
      });
    } catch (error) {
      if (!isReplyError(error)) throw error;
    }
  }

  /** The reply to this command is none: ends the link, on which nothing that follows means what it says. */
  distrust(command: string): OddReplyError {
    const error = new OddReplyError(command);
    this.abandon(error);
    return error;
  }

  /**
   * Resolves with true when this leads to the master: always, without Sentinel. When the sentinels name another server, the
   * link is ended.
   */
  async confirmMaster(): Promise<boolean> {
    return this.master?.confirm() ?? true;
  }

  /** Ends the link at once, so that the next attempt begins. */
  abandon(reason: Error): void {
    if (this.isUp) this.redis.stream.destroy(reason);
  }

  /** Lets commands in flight settle when `graceful`, then ends the connection. Idempotent. */
  close({ graceful }: { graceful: boolean }): Promise<void> {
    this.closing ??= this.end(graceful);
    return this.closing;
  }

  private async end(graceful: boolean): Promise<void> {
    if (graceful && this.isUp) {
      await within(
        QUIT_TIMEOUT_MS,
        this.redis.quit().catch(() => undefined),
      );
    }
    this.isClosed = true;
    clearTimeout(this.restartTimer);
    this.heartbeat.stop();
    this.probe?.cancel();
    // In every other status there is no socket, and `end` may have been or never be emitted.
    const hasSocket = ['connecting', 'connect', 'ready'].includes(this.redis.status);
    const ended = new Promise((resolve) => this.redis.once('end', resolve));
    // ioredis hears one error of a socket; in the middle of a TLS handshake there are two, and the second would end the process.
    if (hasSocket) (this.redis.stream as Redis['stream'] | undefined)?.on('error', () => undefined);
    this.redis.disconnect();
    if (hasSocket) await within(END_TIMEOUT_MS, ended);
  }

  private aim(): void {
    if (this.nextNode === undefined || this.closing !== undefined) return;
    const { host, port } = this.nextNode();
    Object.assign(this.redis.options, { host, port });
  }

  private countAttempts(): void {
    const { options } = this.redis;
    const delayMs = options.retryStrategy;
    options.retryStrategy = (attempt) => delayMs?.(this.backOff.next(attempt));
  }

  private createHeartbeat({ heartbeat }: RedisBusOptions): RedisHeartbeat {
    const { redis, internals, listener } = this;
    return new RedisHeartbeat(
      {
        get bytesRead() {
          return redis.stream.bytesRead;
        },
        get isAwaitingReply() {
          return internals.commandQueue.length > 0;
        },
        ping: async () => {
          await (listener.ping === undefined ? this.ping() : listener.ping());
          this.prove();
        },
        destroy: (reason) => redis.stream.destroy(reason),
        blocked: (blockedMs) => {
          if (this.closing === undefined) listener.blocked?.(blockedMs);
        },
      },
      heartbeat,
    );
  }

  private connected(): void {
    const { stream } = this.redis;
    guardReplies(this.redis, (error) => stream.destroy(error));
    if (this.isClosed) return;
    const { remoteAddress: host, remotePort: port } = this.redis.stream;
    if (host !== undefined && port !== undefined) this.peer = { host, port };
    this.heartbeat.expectHandshake();
  }

  private ready(): void {
    if (this.isClosed) return;
    this.backOff.begin();
    if (this.listener.admit === undefined) return this.admitted();
    const { stream } = this.redis;
    this.listener.admit().then(
      () => {
        if (!this.isClosed && this.redis.stream === stream && !stream.destroyed) this.admitted();
      },
      (reason: unknown) => stream.destroy(reason as Error),
    );
  }

  private admitted(): void {
    this.wasUp = true;
    this.latestError = undefined;
    this.probe?.cancel();
    this.probe = undefined;
    this.heartbeat.start();
    this.listener.up?.();
  }

  private lost(): void {
    if (this.isClosed) return;
    const { wasUp } = this;
    this.wasUp = false;
    this.subscriberMode = undefined;
    this.heartbeat.stop();
    if (wasUp) this.listener.down?.(this.latestError);
    else if (!this.isExplained) this.turnedAway();
  }

  /** The server has closed the connection before it was of any use, and has said nothing that ioredis could read. */
  private turnedAway(): void {
    this.failed(new Error(CLOSED_BY_SERVER));
    const address = this.probe === undefined ? this.probeAddress() : undefined;
    if (address === undefined) return;
    const probe = new RedisProbe(address);
    this.probe = probe;
    void probe.refusal.then((refusal) => {
      if (this.probe !== probe) return;
      if (refusal !== undefined) this.failed(Object.assign(new Error(refusal), { name: 'ReplyError' }));
      else if (probe.alert !== undefined) this.failed(probe.alert);
    });
  }

  private probeAddress(): ProbeAddress | undefined {
    const { path, host, port, family, sentinels, tls, enableTLSForSentinelMode } = this.redis.options;
    if (sentinels && sentinels.length > 0) {
      return this.peer && { address: this.peer, tls: enableTLSForSentinelMode ? tls : undefined };
    }
    if (typeof path === 'string') return { address: { path }, tls };
    return { address: { host, port: port ?? 6379, family }, tls };
  }

  private failed(error: Error): void {
    if (this.isClosed) return;
    if (isOutOfStep(error)) {
      this.abandon(error);
      return;
    }
    // What says nothing of the reason does not replace what says it.
    if (!isMute(error)) this.isExplained = true;
    else if (this.latestError !== undefined) return;
    this.latestError = this.causeOf(error) as Error;
    this.listener.error?.(this.latestError);
  }

  /**
   * UNSUBSCRIBE answers with the channels and patterns that are left, SUNSUBSCRIBE with the shard channels. ioredis
   * takes a 0 in either for the end of all subscriptions, and from then on loses the messages of the others.
   */
  private keepSubscriberMode(): void {
    const { condition } = this.internals;
    condition.subscriber ||= this.subscriberMode;
    this.subscriberMode = condition.subscriber;
    this.slotMoves.watch(condition.subscriber);
  }
}

function commandOf(name: string, args: (string | Buffer)[], replyEncoding: 'utf8' | null): Command {
  const command = new Command(name, args, { replyEncoding });
  // An application's client may be of ioredis 6 where ours is 5, whose commands do not know how replies are mapped.
  (command as unknown as { setReplyContext?: () => void }).setReplyContext ??= () => undefined;
  return command;
}

/** Resolves with the promise, or when the time is over. */
async function within(timeoutMs: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}
