import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { DirectConnector } from './direct.connector.js';
import { connectorOf } from './driver.internals.js';
import { inRealTime } from './in-real-time.js';
import { LoginStep } from './login.step.js';
import { fixedOptions } from './redis.credentials.js';
import type { RedisLinkSettings } from './redis.options.js';
import { OWNED_OPTIONS } from './redis.options.js';
import { READS_RESP3 } from './reply.guard.js';
import { RedisMasterConnector } from './redis.master.connector.js';
import type { RedisSentinels } from './redis.sentinels.js';

/** The longest delay between two attempts to connect. */
export const MAX_BACK_OFF_MS = 2_000;

/** RESP2: nothing here needs RESP3, both have the same cost, and ioredis 5 supports it too (docs/decisions/0011). */
const PROTOCOL = 2;

/** Shorter than `startup.timeoutMs`, so that its error can say what was not answered. The default of ioredis is not shorter. */
const CONNECT_TIMEOUT_MS = 5_000;

/** A client for the bus, not connected yet. */
export function createClient(options: RedisLinkSettings, sentinels?: RedisSentinels): Redis {
  const { login } = options;
  const step = login && new LoginStep(login, () => redis);
  const redis: Redis = clientWith(
    options,
    sentinels === undefined ? { retryStrategy: backOffMs } : ledBy(sentinels, () => redis, step),
  );
  if (sentinels === undefined) step?.install();
  return redis;
}

function ledBy(sentinels: RedisSentinels, client: () => Redis, login: LoginStep | undefined): RedisOptions {
  return {
    retryStrategy: (attempt) => masterConnectorOf(client())?.waitNext(backOffMs(attempt)),
    Connector: class extends RedisMasterConnector {
      constructor(given: unknown) {
        super(given as RedisOptions, sentinels, login);
      }
    },
  };
}

/** The connector that leads a client to the master. Undefined without Sentinel. */
export function masterConnectorOf(redis: Redis): RedisMasterConnector | undefined {
  const connector: unknown = connectorOf(redis);
  return connector instanceof RedisMasterConnector ? connector : undefined;
}

function clientWith(options: RedisLinkSettings, connecting: RedisOptions): Redis {
  const redis = unknownClientWith(options, { ...OWNED_OPTIONS, ...connecting });
  options.secrets.learn(redis.options);
  return inRealTime(redis);
}

function unknownClientWith(options: RedisLinkSettings, owned: RedisOptions): Redis {
  if (options.client !== undefined) {
    const { Connector = DirectConnector } = options.client.options;
    const readable: RedisOptions = READS_RESP3 ? {} : { protocol: PROTOCOL };
    return options.client.duplicate({ Connector, ...readable, ...owned });
  }
  const { url, client: _none, heartbeat: _ours, fastPath: _too, ...made } = options;
  const { secrets: _neither, login: _nor, messages: _noneOfThese, ...given } = made;
  const rest = fixedOptions(given);
  const protocol = rest.protocol ?? PROTOCOL;
  const driven: RedisOptions = { connectTimeout: CONNECT_TIMEOUT_MS, Connector: DirectConnector };
  const all: RedisOptions = { ...driven, ...rest, protocol, ...owned };
  return url === undefined ? new Redis(all) : new Redis(url, all);
}

/** First at once, because most links recover at once and every millisecond may lose events; then with jitter. */
function backOffMs(attempt: number): number {
  if (attempt <= 1) return 0;
  const ceiling = Math.min(MAX_BACK_OFF_MS, 25 * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling / 2 + (Math.random() * ceiling) / 2);
}
