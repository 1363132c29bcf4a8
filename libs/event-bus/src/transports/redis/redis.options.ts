import type { Redis, RedisOptions } from 'ioredis';
import type { OptionTable } from '../../option.checks.js';
import {
  argumentOf,
  isObject,
  milliseconds,
  optionProblems,
  refused,
  said,
  trueOrFalse,
} from '../../option.checks.js';
import type { MessageSettings } from '../event.transport.js';
import { ADDRESS, serverProblem, tlsProblem, urlProblem } from './address.problems.js';
import type { RedisHeartbeatOptions } from './redis.heartbeat.js';
import type { RedisCredentials } from './redis.credentials.js';
import { CREDENTIAL_CHECKS, RedisLogin } from './redis.credentials.js';
import { RedisSecrets } from './redis.secrets.js';

/** Options that the bus must decide, so that nothing is sent twice, late, or after it was rejected. */
const DECIDED = {
  keyPrefix: '',
  // A command is sent or rejected at once: a queued one could be delivered after its rejection.
  enableOfflineQueue: false,
  // The SubscriptionTable does this: in the driver, one refused channel would lose all subscriptions.
  autoResubscribe: false,
  // Would deliver an event twice if only its reply was lost.
  autoResendUnfulfilledCommands: false,
  // A command in flight rejects when its link closes.
  maxRetriesPerRequest: 0,
  // A message that was rejected must not remain in a pipeline.
  enableAutoPipelining: false,
  lazyConnect: true,
  replyMapping: 'legacy',
  // A monitor receives every command of the server, and can neither publish nor subscribe.
  monitor: false,
} as const;

/** The same, with the options that each connection has its own value of, or none. */
const OWNED = [
  ...(Object.keys(DECIDED) as (keyof typeof DECIDED)[]),
  'retryStrategy',
  'role',
  'preferredSlaves',
  'sentinelRetryStrategy',
  'sentinelReconnectStrategy',
] as const;

/** For both connections. */
export const OWNED_OPTIONS = {
  ...DECIDED,
  // CLIENT SETINFO would need one more permission, without a benefit.
  disableClientInfo: true,
  disconnectTimeout: 200,
} as const;

/** A shorter interval would cost more than it shows: a busy event loop alone can be this late. */
const MIN_HEARTBEAT_MS = 50;

type OwnedOption = (typeof OWNED)[number];

/** A URL, any ioredis option (Sentinel, TLS, ACL user, unix socket), or an existing client. */
export type RedisTransportOptions = RedisBusOptions &
  (
    | (Omit<RedisOptions, OwnedOption | keyof RedisCredentials> &
        RedisCredentials & {
          /** `redis://user:password@host:6379/0`, or `rediss://…` for TLS. */
          readonly url?: string | undefined;
          readonly client?: undefined;
        })
    | {
        /** Its options are used for the bus' own connections; the client itself is neither used nor closed. */
        readonly client: Redis;
      }
  );

/** Options that ioredis does not have. */
export interface RedisBusOptions {
  /**
   * How a lost connection or subscription is detected: it takes at most `intervalMs + timeoutMs`.
   * @default { intervalMs: 2000, timeoutMs: 2000 }
   */
  readonly heartbeat?: RedisHeartbeatOptions | undefined;
  /**
   * Whether the bus reads received messages itself, which costs less than half. ioredis reads all other replies. With `false`
   * ioredis reads the messages too.
   * @default true
   */
  readonly fastPath?: boolean | undefined;
}

/** The settings for the connections of one bus. */
export type RedisLinkSettings = RedisTransportOptions & {
  readonly secrets: RedisSecrets;
  /** Undefined: the options contain the credentials for all attempts. */
  readonly login: RedisLogin | undefined;
  /** How the bus reads messages before ioredis does. Undefined: it does not. */
  readonly messages?: MessageSettings | undefined;
};

export function linkSettings(options: RedisTransportOptions, messages?: MessageSettings): RedisLinkSettings {
  const { client } = options;
  const secrets = new RedisSecrets();
  const login =
    client === undefined
      ? RedisLogin.ofFunctions(options, secrets)
      : new RedisLogin(() => client.options, secrets);
  return { ...options, secrets, login, messages: fastMessages(options, messages) };
}

const ALL_AS_BYTES: MessageSettings = { maxPayloadBytes: Number.POSITIVE_INFINITY, takesText: false };

/** Undefined if ioredis reads messages too. */
export function fastMessages(
  { fastPath }: RedisBusOptions,
  messages: MessageSettings = ALL_AS_BYTES,
): MessageSettings | undefined {
  return fastPath === false ? undefined : messages;
}

/** The options that contain the address, by precedence. */
const ADDRESS_OPTIONS = ['client', 'sentinels', 'url', 'path', 'host', 'port'] as const;

/** The option to correct if the address is wrong. */
export function addressOptionOf(options: RedisTransportOptions): string {
  const given = options as Partial<Record<string, unknown>>;
  return ADDRESS_OPTIONS.find((name) => given[name] !== undefined) ?? 'url';
}

/**
 * The address option that is present but undefined, as from a missing environment variable, if no other option contains an
 * address. Undefined for `redis()`, which uses the default.
 */
export function unsetAddressOption(options: RedisTransportOptions): string | undefined {
  const given = options as Partial<Record<string, unknown>>;
  if (ADDRESS_OPTIONS.some((name) => given[name] !== undefined)) return undefined;
  return ADDRESS_OPTIONS.find((name) => name in given);
}

const OF_THE_BUS: OptionTable = {
  fastPath: trueOrFalse,
  heartbeat: {
    example: 'intervalMs: 2000',
    options: { intervalMs: milliseconds(MIN_HEARTBEAT_MS), timeoutMs: milliseconds(MIN_HEARTBEAT_MS) },
  },
};

const DECIDED_BY_THE_BUS = 'cannot be set: the bus decides it, so that no event is lost or sent twice.';

const TABLE: OptionTable = {
  ...OF_THE_BUS,
  ...ADDRESS,
  ...CREDENTIAL_CHECKS,
  ...refused(OWNED, `${DECIDED_BY_THE_BUS} Remove it.`),
  keyPrefix: () => `${DECIDED_BY_THE_BUS} For channels, write EventBusModule.forRoot({ prefix }).`,
};

/** The problems of the options, each with what to write instead. Never repeats a URL: it may contain a password. */
export function redisProblems(options: unknown): string[] {
  if (!isObject(options)) {
    return ["redis() takes an object. Write redis({ url: 'redis://localhost:6379' })."];
  }
  const { client, url, tls } = options;
  if (client !== undefined) {
    const isClient = isClientOf(client) && client.isCluster !== true;
    return clientProblems('redis', options, isClient, 'Redis instance (of a single server or of Sentinel)');
  }
  return [
    ...optionProblems(TABLE, options, argumentOf('redis')),
    ...(url === undefined ? [] : said('redis({ url }):', redisUrlProblem(url))),
    ...said('redis({ tls })', tlsProblem(tls, url)),
    ...sentinelProblems(options),
  ];
}

function isClientOf(client: unknown): client is Partial<Redis> {
  return isObject(client) && typeof client['duplicate'] === 'function' && isObject(client['options']);
}

/**
 * The problems of options with a client of ioredis.
 *
 * @param instance the required class, in words
 */
export function clientProblems(
  call: string,
  { client: _client, heartbeat, fastPath, ...rest }: Readonly<Record<string, unknown>>,
  isClient: boolean,
  instance: string,
): string[] {
  if (!isClient) return [`${call}({ client }) takes an ioredis ${instance}.`];
  const others = Object.keys(rest).filter((name) => rest[name] !== undefined);
  const problem = `takes no other options but heartbeat and fastPath: set ${others.join(', ')} on the client.`;
  return [
    ...said(`${call}({ client })`, others.length === 0 ? undefined : problem),
    ...optionProblems(OF_THE_BUS, { heartbeat, fastPath }, argumentOf(call)),
  ];
}

function sentinelProblems(options: Readonly<Record<string, unknown>>): string[] {
  const { sentinels, name, tls, enableTLSForSentinelMode } = options;
  if (sentinels === undefined || sentinels === null) return [];
  if (!Array.isArray(sentinels) || sentinels.length === 0) {
    return ['redis({ sentinels }) takes a list of at least one { host, port }.'];
  }
  const problems = sentinels.flatMap((sentinel: unknown, index) =>
    said(`redis({ sentinels }), number ${index + 1}:`, sentinelProblem(sentinel)),
  );
  if (typeof name !== 'string' || name === '') {
    problems.push("redis({ sentinels }) needs the name of the master. Add name: 'mymaster'.");
  }
  // ioredis needs both, and with only one of them sends the password in clear text.
  if (tls !== undefined && enableTLSForSentinelMode === undefined) {
    problems.push(
      'redis({ sentinels, tls }) needs enableTLSForSentinelMode: true, otherwise the master is reached without TLS. Add it, or set it to false if this is intended.',
    );
  }
  if (enableTLSForSentinelMode === true && tls === undefined) {
    problems.push(
      'redis({ enableTLSForSentinelMode }) needs tls, otherwise the master is reached without TLS. Add tls: { ca }, or tls: {} for a public CA.',
    );
  }
  return problems;
}

function sentinelProblem(sentinel: unknown): string | undefined {
  return isObject(sentinel)
    ? serverProblem(sentinel)
    : "is not { host, port }. Write { host: 'localhost', port: 26379 }.";
}

const WRITE_URL = 'Write redis://host:6379, or rediss://host:6380 for TLS.';

function redisUrlProblem(url: unknown): string | undefined {
  const problem = urlProblem(url, WRITE_URL);
  if (problem !== undefined) return problem;
  const parsed = new URL(url as string);
  if (!/^\/?\d*$/.test(parsed.pathname)) {
    return 'has a path that is not a database number. Write redis://host:6379/0; for a Unix socket, redis({ path }).';
  }
  // ioredis reads options from the query, and they take precedence over ours.
  const owned = OWNED.filter((name) => parsed.searchParams.has(name));
  return owned.length > 0 ? `sets ${owned.join(', ')}, which the bus decides. Remove it.` : undefined;
}
