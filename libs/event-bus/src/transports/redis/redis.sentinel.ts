import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { reasonOf } from '../../errors.js';
import { LoginStep } from './login.step.js';
import type { RedisLinkSettings } from './redis.options.js';
import { causeOf, isMute } from './redis.errors.js';
import { DirectConnector } from './direct.connector.js';
import { streamOf } from './driver.internals.js';
import { given } from './given.options.js';
import { inRealTime } from './in-real-time.js';
import { guardReplies } from './reply.guard.js';
import { OddReplyError, isTexts } from './odd.reply.js';
import { tlsAdvice, tlsReason } from './tls-advice.js';

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** The knowledge of one sentinel. */
export interface SentinelAnswer {
  readonly master: ServerAddress;
  /** Increases with every failover: of two sentinels, the one with the higher number is up to date. */
  readonly epoch: number;
  /** The other sentinels that watch this master and are up. */
  readonly sentinels: readonly ServerAddress[];
}

/** The options of ioredis for sentinels. */
export type SentinelAccess = Pick<
  RedisOptions,
  | 'name'
  | 'sentinels'
  | 'sentinelUsername'
  | 'sentinelPassword'
  | 'sentinelTLS'
  | 'sentinelCommandTimeout'
  | 'sentinelMaxConnections'
  | 'updateSentinels'
  | 'failoverDetector'
  | 'natMap'
  | 'family'
  | 'connectTimeout'
> &
  Pick<RedisLinkSettings, 'secrets' | 'login'>;

const DEFAULT_ANSWER_TIMEOUT_MS = 1_000;
const RECONNECT_AFTER_MS = 1_000;
const TLS_ADVICE = ', see sentinelTLS if it speaks TLS';
const FAILOVER_CHANNEL = '+switch-master';

/** One sentinel: two connections that reconnect automatically, one for queries and one for announcements of a new master. */
export class RedisSentinel {
  private readonly asker: Redis;
  private readonly watcher: Redis | undefined;
  /** The best known reason since its last answer. */
  private latestError: Error | undefined;
  private failure: Error | undefined;
  private isProbing = false;
  private wasHeard = false;

  constructor(
    readonly address: ServerAddress,
    private readonly options: SentinelAccess,
    /** Called when it has announced another master, or answers again after a silence. */
    private readonly news: () => void,
  ) {
    this.asker = this.createClient();
    this.asker.on('error', (error: Error) => this.failed(error));
    this.asker.on('ready', () => this.probe());
    if (options.failoverDetector !== false) this.watcher = this.watch();
  }

  /** It did not answer the last query. */
  get isSilent(): boolean {
    return this.failure !== undefined;
  }

  /**
   * Queries its knowledge. A silent sentinel is not awaited: it is queried, and the listeners are notified when it answers.
   *
   * @throws Error with its name and the reason why it does not answer
   */
  async ask(): Promise<SentinelAnswer> {
    if (this.failure === undefined) return this.query();
    this.probe();
    throw this.failure;
  }

  close(): void {
    this.asker.disconnect();
    this.watcher?.disconnect();
  }

  private async query(): Promise<SentinelAnswer> {
    const { name, updateSentinels } = this.options;
    const ask = (subcommand: string) => this.asker.call('SENTINEL', subcommand, String(name));
    try {
      const [master, others] = await Promise.all([
        ask('MASTER'),
        // An older user may lack this permission, which ioredis does not need either.
        updateSentinels === false ? [] : ask('SENTINELS').catch(() => []),
      ]);
      return this.answered(master, others);
    } catch (error) {
      throw this.unanswered(error as Error);
    }
  }

  /** Queries a silent one to find out when it answers. */
  private probe(): void {
    if (this.failure === undefined || this.isProbing) return;
    this.isProbing = true;
    void this.query()
      .then(this.news, () => undefined)
      .finally(() => {
        this.isProbing = false;
      });
  }

  private answered(master: unknown, others: unknown): SentinelAnswer {
    const fields = fieldsOf(master);
    const answer = {
      master: this.reachable(addressIn(fields)),
      epoch: Number(fields.get('config-epoch')),
      sentinels: (others as unknown[])
        .map(fieldsOf)
        .filter((sentinel) => !/s_down|disconnected/.test(sentinel.get('flags') ?? ''))
        .map((sentinel) => this.reachable(addressIn(sentinel))),
    };
    this.failure = undefined;
    this.latestError = undefined;
    this.wasHeard = true;
    return answer;
  }

  private unanswered(error: Error): Error {
    const isTimeout = error.message === 'Command timed out';
    // It may be half open: only a new connection shows this.
    if (isTimeout) for (const client of [this.asker, this.watcher]) client?.disconnect(true);
    // ioredis 5 does not wait for the answer to AUTH.
    const isSequel =
      isMute(error) ||
      error.message.startsWith('NOAUTH') ||
      // On a busy machine, a handshake that will be rejected takes longer than an answer may.
      (isTimeout && tlsAdvice(this.latestError) !== undefined);
    const cause = (isSequel ? this.latestError : undefined) ?? causeOf(error, this.options.secrets);
    const isWrongTls = tlsAdvice(cause) !== undefined;
    const reason = isWrongTls
      ? reasonOf(tlsReason(cause as Error))
      : isTimeout
        ? 'no answer'
        : reasonOf(cause);
    // A sentinel with TLS closes a plain connection without an error.
    const isClosed = isMute(error) && this.latestError === undefined;
    const mayWantTls = isClosed && !this.wasHeard && this.options.sentinelTLS === undefined;
    const advice = isWrongTls ? ', see sentinelTLS' : mayWantTls ? TLS_ADVICE : adviceFor(reason);
    const { host, port } = this.address;
    this.failure = new Error(`${host}:${port}: ${reason}${advice}`, { cause });
    return this.failure;
  }

  private failed(error: Error): void {
    if (!isMute(error)) this.latestError = causeOf(error, this.options.secrets) as Error;
  }

  private watch(): Redis {
    const watcher = this.createClient();
    watcher.on('error', () => undefined);
    watcher.on('ready', () => {
      // Not permitted, or the link is lost: a caller that queries in time is notified as well.
      watcher.subscribe(FAILOVER_CHANNEL).then(this.news, () => undefined);
    });
    watcher.on('message', (_channel: string, text: string) => {
      if (text.startsWith(`${this.options.name} `)) this.news();
    });
    watcher.connect().catch(() => undefined);
    return watcher;
  }

  private createClient(): Redis {
    const { sentinelUsername, sentinelPassword, sentinelTLS, family, connectTimeout } = this.options;
    const client = new Redis({
      Connector: DirectConnector,
      ...given({
        username: sentinelUsername,
        password: sentinelPassword,
        tls: sentinelTLS,
        family,
        connectTimeout,
      }),
      ...this.address,
      commandTimeout: this.options.sentinelCommandTimeout ?? DEFAULT_ANSWER_TIMEOUT_MS,
      retryStrategy: () => RECONNECT_AFTER_MS,
      maxRetriesPerRequest: 0,
      autoResubscribe: false,
      autoResendUnfulfilledCommands: false,
      enableReadyCheck: false,
      disableClientInfo: true,
      disconnectTimeout: 200,
      lazyConnect: true,
      // Only ioredis 6: without HELLO, one permission less.
      protocol: 2,
    } as RedisOptions);
    const { login } = this.options;
    if (login !== undefined) new LoginStep(login, () => client).install();
    client.on('connect', () => {
      const stream = streamOf(client);
      guardReplies(client, (error) => stream.destroy(error));
    });
    return inRealTime(client);
  }

  private reachable(address: ServerAddress): ServerAddress {
    const { natMap } = this.options;
    const name = `${address.host}:${address.port}`;
    return (typeof natMap === 'function' ? natMap(name) : natMap?.[name]) ?? address;
  }
}

function adviceFor(reason: string): string {
  if (/^(NOAUTH|WRONGPASS)/.test(reason)) return ', see sentinelUsername and sentinelPassword';
  if (reason.startsWith('ERR No such master')) return ', see name';
  return '';
}

function fieldsOf(reply: unknown): Map<string, string> {
  if (!isTexts(reply)) throw new OddReplyError('sentinel');
  const fields = new Map<string, string>();
  for (let index = 0; index < reply.length; index += 2) fields.set(reply[index]!, reply[index + 1]!);
  return fields;
}

function addressIn(fields: ReadonlyMap<string, string>): ServerAddress {
  const [host, port] = [fields.get('ip'), Number(fields.get('port'))];
  if (!host || !Number.isInteger(port) || port < 1 || port > 65_535) throw new OddReplyError('sentinel');
  return { host, port };
}
