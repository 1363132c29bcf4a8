import { readFileSync } from 'node:fs';
import { reasonOf } from '../foreign.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import type { TransportFactory } from '../transports/event.transport.js';
import { redisCluster } from '../transports/redis-cluster/redis-cluster.transport.js';
import { redis } from '../transports/redis/redis.transport.js';
import type { OptionValues, OptionsByName } from './command.js';
import { readMilliseconds } from './millisecond.argument.js';
import type { ServerAddress, UrlParts } from './server.address.js';
import { readAddresses } from './server.address.js';
import { UsageError } from './usage.error.js';

export type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_TIMEOUT_MS = 10_000;
/** Shorter than the whole time, so that the error can say what was not answered. */
const CONNECT_TIMEOUT_MS = 5_000;

/** The options that every command has. */
export const SERVER_OPTIONS: OptionsByName = {
  url: {
    type: 'string',
    multiple: true,
    value: '<url>',
    text: 'Where Redis is: redis://host:6379, rediss:// for TLS. Default: REDIS_URL, else redis://127.0.0.1:6379.',
  },
  cluster: { type: 'boolean', text: 'The URL is of a node of a Cluster. Repeat --url for several nodes.' },
  sentinel: {
    type: 'string',
    value: '<name>',
    text: 'The URL is of a sentinel that knows the master of this name. Repeat --url for several.',
  },
  prefix: { type: 'string', value: '<text>', text: 'The prefix of the bus, as in EventBusModule.forRoot.' },
  user: {
    type: 'string',
    value: '<name>',
    text: 'The ACL user. Default: that of the URL, else REDIS_USERNAME.',
  },
  tls: { type: 'boolean', text: 'Use TLS, as rediss:// does. The four options below imply it.' },
  ca: { type: 'string', value: '<file>', text: "The CA of the server's certificate." },
  cert: { type: 'string', value: '<file>', text: 'The client certificate.' },
  key: { type: 'string', value: '<file>', text: 'Its key.' },
  servername: { type: 'string', value: '<host>', text: "The host name of the server's certificate." },
  'timeout-ms': {
    type: 'string',
    value: '<ms>',
    text: `How long to wait for Redis, in milliseconds. Default: ${DEFAULT_TIMEOUT_MS}.`,
  },
};

/** How the arguments lead to Redis. */
export interface ServerAccess {
  readonly topology: 'server' | 'cluster' | 'sentinel';
  /** Leads to the server, the Cluster, or the master that the sentinels name. */
  readonly transport: TransportFactory;
  /** Leads to one node, with the same user and TLS. */
  readonly node: (address: ServerAddress) => TransportFactory;
  /** Those of the URLs. */
  readonly addresses: readonly ServerAddress[];
  readonly database: number;
  readonly username: string | undefined;
  readonly hasPassword: boolean;
  readonly prefix: ChannelPrefix;
  readonly timeoutMs: number;
}

/** @throws UsageError */
export function readServerAccess(values: OptionValues, env: Environment): ServerAccess {
  const sentinel = textOf(values, 'sentinel');
  const isCluster = values['cluster'] === true;
  if (isCluster && sentinel !== undefined) {
    throw new UsageError('--cluster and --sentinel exclude each other. Write one of them.');
  }
  const topology = isCluster ? 'cluster' : sentinel === undefined ? 'server' : 'sentinel';
  const addresses = readAddresses(values['url'] as string[] | undefined, env['REDIS_URL'], topology);
  const [first] = addresses;
  const timeoutMs = readMilliseconds(values, 'timeout-ms', DEFAULT_TIMEOUT_MS);
  const common = {
    connectTimeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs),
    ...accessOf(values, env, addresses),
  };
  const node = ({ host, port }: ServerAddress) => redis({ ...common, host, port });
  const hosts = addresses.map(({ host, port }) => ({ host, port }));
  const database = isCluster ? 0 : first.database;
  const transport = isCluster
    ? redisCluster({ ...common, nodes: hosts })
    : sentinel === undefined
      ? redis({ ...common, ...hosts[0], db: database })
      : redis({ ...common, ...ofSentinels(common, env), sentinels: hosts, name: sentinel, db: database });
  const [problem] = transport.problems;
  if (problem !== undefined) throw new UsageError(problem);
  return {
    topology,
    transport,
    node,
    addresses: hosts,
    database,
    username: common.username,
    hasPassword: common.password !== undefined,
    prefix: new ChannelPrefix(readPrefix(values)),
    timeoutMs,
  };
}

/** The user, and TLS. */
function accessOf(
  values: OptionValues,
  env: Environment,
  [first, ...others]: readonly [UrlParts, ...UrlParts[]],
) {
  return {
    username: textOf(values, 'user') ?? first.username ?? set(env['REDIS_USERNAME']),
    password: first.password ?? set(env['REDIS_PASSWORD']),
    ...tlsOf(
      values,
      env,
      [first, ...others].some(({ isSecure }) => isSecure),
    ),
  };
}

function ofSentinels({ tls }: { tls?: object }, env: Environment) {
  return {
    sentinelUsername: set(env['REDIS_SENTINEL_USERNAME']),
    sentinelPassword: set(env['REDIS_SENTINEL_PASSWORD']),
    ...(tls === undefined ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true }),
  };
}

function tlsOf(values: OptionValues, env: Environment, isSecure: boolean): { tls?: object } {
  const files = ['ca', 'cert', 'key'].map((name) => [name, fileOf(values, name)] as const);
  const given = [...files, ['servername', textOf(values, 'servername')] as const].filter(
    ([, value]) => value !== undefined,
  );
  if (!isSecure && values['tls'] !== true && given.length === 0) return {};
  const passphrase = set(env['REDIS_KEY_PASSPHRASE']);
  return { tls: { ...Object.fromEntries(given), ...(passphrase === undefined ? {} : { passphrase }) } };
}

function fileOf(values: OptionValues, name: string): Buffer | undefined {
  const path = textOf(values, name);
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`--${name} cannot be read: ${reasonOf(error)}. Write the path of a PEM file.`);
  }
}

function readPrefix(values: OptionValues): string {
  const prefix = textOf(values, 'prefix') ?? '';
  if (!prefix.startsWith('__')) return prefix;
  throw new UsageError('--prefix must not start with "__": those channels belong to Redis.');
}

function textOf(values: OptionValues, name: string): string | undefined {
  return values[name] as string | undefined;
}

/** A variable that is empty is as good as none. */
function set(variable: string | undefined): string | undefined {
  return variable === '' ? undefined : variable;
}
