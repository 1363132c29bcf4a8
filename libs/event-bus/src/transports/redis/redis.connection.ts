import { Command, Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { causeOf } from './redis.errors.js';
import type { RedisTransportOptions } from './redis.options.js';
import { OWNED_OPTIONS } from './redis.options.js';

const MAX_BACK_OFF_MS = 2_000;
/** A server that does not answer QUIT by then does not answer the publishes before it either. */
const QUIT_TIMEOUT_MS = 1_000;
/** Longer than `disconnectTimeout`, after which ioredis destroys the socket. Only Sentinel may need longer. */
const END_TIMEOUT_MS = 1_000;

export interface RedisConnectionListener {
  /** The link is live: commands may be sent. */
  up(): void;
  /** The link is gone; another attempt follows by itself. */
  down(reason: Error | undefined): void;
  /** An attempt failed, or the server refused us. */
  error(error: Error): void;
}

/** One connection to one Redis server that comes back by itself and never queues or repeats a command. */
export class RedisConnection {
  readonly redis: Redis;
  private isClosed = false;
  private wasUp = false;
  private latestError: Error | undefined;
  private restartTimer: NodeJS.Timeout | undefined;
  private closing: Promise<void> | undefined;
  private subscriberMode: unknown;

  constructor(
    options: RedisTransportOptions,
    private readonly listener: RedisConnectionListener,
  ) {
    this.redis = createClient(options);
    this.redis.on('ready', () => {
      if (this.isClosed) return;
      this.wasUp = true;
      this.latestError = undefined;
      this.listener.up();
    });
    this.redis.on('close', () => {
      if (this.isClosed) return;
      if (this.wasUp) this.listener.down(this.latestError);
      else if (this.latestError === undefined) this.failed(new Error('the server closed the connection'));
      this.wasUp = false;
    });
    this.redis.on('error', (error: Error) => {
      if (!this.isClosed) this.failed(causeOf(error) as Error);
    });
    // ioredis gives up where it takes an attempt for hopeless, such as a port out of range.
    this.redis.on('end', () => {
      if (this.closing === undefined) this.restartTimer = setTimeout(() => this.start(), MAX_BACK_OFF_MS);
    });
  }

  get isUp(): boolean {
    return !this.isClosed && this.redis.status === 'ready';
  }

  /** Where it connects to, without credentials. */
  get address(): string {
    const { path, host, port, sentinels, name } = this.redis.options;
    if (sentinels && sentinels.length > 0) return `sentinel ${String(name)}`;
    return path ?? `${host}:${port}`;
  }

  /** Starts connecting and goes on until closed. What comes of it is told to the listener. */
  start(): void {
    this.redis.connect().catch(() => undefined);
  }

  /**
   * Sends one command. `answered` is called at the reply's place in the byte stream, before any message that
   * the server sent after it; a promise would be resolved only after the rest of the chunk was parsed.
   */
  async send(name: string, args: readonly string[], answered: () => void): Promise<void> {
    const command = new Command(name, [...args], { replyEncoding: 'utf8' });
    // An application's client may be of ioredis 6 where ours is 5, whose commands do not know how replies are mapped.
    (command as unknown as { setReplyContext?: () => void }).setReplyContext ??= () => undefined;
    const { resolve } = command;
    command.resolve = (reply) => {
      this.keepSubscriberMode();
      answered();
      resolve(reply);
    };
    try {
      await this.redis.sendCommand(command);
    } catch (error) {
      throw causeOf(error);
    }
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
    // In every other status there is no socket, and `end` may have been or never be emitted.
    const hasSocket = ['connecting', 'connect', 'ready'].includes(this.redis.status);
    const ended = new Promise((resolve) => this.redis.once('end', resolve));
    this.redis.disconnect();
    if (hasSocket) await within(END_TIMEOUT_MS, ended);
  }

  private failed(error: Error): void {
    this.latestError = error;
    this.listener.error(error);
  }

  /**
   * UNSUBSCRIBE answers with the channels and patterns that are left, SUNSUBSCRIBE with the shard channels. ioredis
   * takes a 0 in either for the end of all subscriptions, and from then on loses the messages of the others.
   */
  private keepSubscriberMode(): void {
    const { condition } = this.redis as unknown as { condition: { subscriber: unknown } };
    condition.subscriber ||= this.subscriberMode;
    this.subscriberMode = condition.subscriber;
  }
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

function createClient(options: RedisTransportOptions): Redis {
  const owned: RedisOptions = { ...OWNED_OPTIONS, retryStrategy: backOffMs };
  if (options.client !== undefined) return options.client.duplicate(owned);
  const { url, client: _none, ...rest } = options;
  const all: RedisOptions = { ...rest, ...owned };
  return url === undefined ? new Redis(all) : new Redis(url, all);
}

/** At once first, since most links come back at once and every millisecond may lose events; then jittered. */
function backOffMs(attempt: number): number {
  if (attempt <= 1) return 0;
  const ceiling = Math.min(MAX_BACK_OFF_MS, 25 * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling / 2 + (Math.random() * ceiling) / 2);
}
