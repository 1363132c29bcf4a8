import type { Cluster, ClusterOptions, RedisOptions } from 'ioredis';
import type { OptionTable } from '../../option.checks.js';
import { argumentOf, isObject, optionProblems, refused, said } from '../../option.checks.js';
import type { MessageSettings } from '../event.transport.js';
import { serverProblem, urlProblem } from '../redis/address.problems.js';
import { startupNodesOf } from '../redis/driver.internals.js';
import { given } from '../redis/given.options.js';
import type { OWNED_OPTIONS, RedisBusOptions, RedisLinkSettings } from '../redis/redis.options.js';
import { clientProblems, fastMessages, redisProblems } from '../redis/redis.options.js';
import type { RedisCredentials } from '../redis/redis.credentials.js';
import { RedisLogin } from '../redis/redis.credentials.js';
import { RedisSecrets } from '../redis/redis.secrets.js';
import type { ClusterNode, NodeAddress } from './cluster.node.js';

/** They lead to one server, or to a database that does not exist in a Cluster. */
const NOT_OF_A_CLUSTER = ['url', 'host', 'port', 'path', 'db', 'sentinels', 'name', 'readOnly'] as const;

/** Options that do not apply to a Cluster, or that the bus decides, with what to do instead. */
const REFUSED: OptionTable = {
  ...refused(NOT_OF_A_CLUSTER, 'cannot be set: it is for a single server. Remove it, and set nodes.'),
  redisOptions: () => 'cannot be set. Write its options next to nodes.',
  dnsLookup: () =>
    'cannot be set. Remove it: names are resolved when a connection is made, and certificates are checked against them.',
  useSRVRecords: () => 'cannot be set. Resolve the records first, and set nodes.',
  ...refused(
    [
      'clusterRetryStrategy',
      'clusterNodeRetryStrategy',
      'scaleReads',
      'maxRedirections',
      'retryDelayOnMoved',
      'retryDelayOnFailover',
      'retryDelayOnClusterDown',
      'retryDelayOnTryAgain',
      'slotsRefreshTimeout',
      'slotsRefreshInterval',
      'shardedSubscribers',
    ],
    'cannot be set. Remove it: the bus follows the topology automatically.',
  ),
};

type OptionOfOneServer = (typeof NOT_OF_A_CLUSTER)[number];

/** Some nodes of the Cluster with any ioredis option for all connections to them, or an existing Cluster client. */
export type RedisClusterTransportOptions = RedisBusOptions &
  (
    | (Omit<
        RedisOptions,
        keyof typeof OWNED_OPTIONS | 'retryStrategy' | OptionOfOneServer | keyof RedisCredentials
      > &
        RedisCredentials & {
          /**
           * Nodes of the Cluster: one is enough, several are safer. The others are discovered. A user, a password and TLS
           * (`rediss://`) in a URL are used for all nodes.
           */
          readonly nodes: readonly (string | NodeAddress)[];
          /**
           * The address to use for a node that announces itself as `host:port`, e.g. `{ '10.0.0.1:6379': { host: 'localhost',
           * port: 7000 } }`.
           */
          readonly natMap?: ClusterOptions['natMap'] | undefined;
          readonly client?: undefined;
        })
    | {
        /** Its nodes and options are used for the bus' own connections. The client itself is neither used nor closed. */
        readonly client: Cluster;
        readonly nodes?: undefined;
      }
  );

/** The settings for the connections to one Cluster. */
export interface ClusterSettings {
  /** The addresses to try while no node is known. */
  readonly seeds: readonly ClusterNode[];
  /** For every connection, without the address. */
  readonly connection: RedisLinkSettings & { readonly client?: undefined };
  readonly natMap: ClusterOptions['natMap'];
}

export function clusterSettings(
  options: RedisClusterTransportOptions,
  wanted?: MessageSettings,
): ClusterSettings {
  const messages = fastMessages(options, wanted);
  const secrets = new RedisSecrets();
  if (options.client === undefined) {
    const { nodes, natMap, client: _none, ...rest } = options;
    const parsed = nodes.map(parseNode);
    const login = RedisLogin.ofFunctions(rest, secrets);
    const connection = { ...accessOf(parsed), ...rest, secrets, login, messages };
    return { seeds: seedsOf(parsed), connection, natMap };
  }
  const { client, heartbeat } = options;
  const current = () => ({ username: undefined, password: undefined, ...optionsOf(client) });
  const login = new RedisLogin(current, secrets);
  const connection = { ...optionsOf(client), ...given({ heartbeat }), secrets, login, messages };
  return { seeds: seedsOf(parsedNodesOf(client)), connection, natMap: client.options.natMap };
}

/** The problems of the options, each with what to write instead. Never repeats a URL: it may contain a password. */
export function redisClusterProblems(options: unknown): string[] {
  if (!isObject(options)) {
    return ["redisCluster() takes an object. Write redisCluster({ nodes: ['redis://localhost:7000'] })."];
  }
  const { client, nodes, ...rest } = options;
  if (client !== undefined) {
    const isClient = (client as { isCluster?: unknown } | null)?.isCluster === true;
    return clientProblems('redisCluster', options, isClient, 'Cluster instance');
  }
  return [
    ...nodesProblems(nodes),
    ...optionProblems(REFUSED, rest, argumentOf('redisCluster')),
    ...commonProblems({
      ...rest,
      ...Object.fromEntries(NOT_OF_A_CLUSTER.map((name) => [name, undefined])),
      // For TLS checks only.
      ...(Array.isArray(nodes) && nodes.some(isSecureUrl) ? { url: 'rediss://node' } : {}),
    }),
  ];
}

/** Options that are the same for a single server. */
function commonProblems(options: Record<string, unknown>): string[] {
  return redisProblems(options).map((problem) => problem.replace(/^redis\(/, 'redisCluster('));
}

function nodesProblems(nodes: unknown): string[] {
  if (!Array.isArray(nodes) || nodes.length === 0) {
    return [
      "redisCluster({ nodes }) must be a list. Write ['redis://localhost:7000'], or several nodes for safety.",
    ];
  }
  const problems = nodes.flatMap((node: unknown, index) => {
    const problem = typeof node === 'string' ? nodeUrlProblem(node) : addressProblem(node);
    return said(`redisCluster({ nodes }), number ${index + 1}:`, problem);
  });
  if (problems.length > 0) return problems;
  const access = (nodes as (string | NodeAddress)[])
    .filter((node) => typeof node === 'string')
    .map((node) => JSON.stringify(parseNode(node).access));
  return new Set(access).size < 2
    ? []
    : ['redisCluster({ nodes }): the URLs differ in user, password or TLS. Use the same in all of them.'];
}

function addressProblem(node: unknown): string | undefined {
  const { host, port, ...others } = (node ?? {}) as { host?: unknown; port?: unknown };
  if (host === undefined || port === undefined) {
    return "is neither a URL nor an address. Write 'redis://localhost:7000' or { host: 'localhost', port: 7000 }.";
  }
  const problem = serverProblem({ host, port });
  if (problem !== undefined) return problem;
  if (typeof port !== 'number') return 'port must be a number. Convert text with Number(…).';
  const names = Object.keys(others).join(', ');
  return names === '' ? undefined : `has ${names} in addition to host and port. Write that next to nodes.`;
}

function isSecureUrl(node: unknown): boolean {
  return typeof node === 'string' && /^rediss:/i.test(node);
}

const WRITE_URL = 'Write redis://host:7000, or rediss://host:7000 for TLS.';

function nodeUrlProblem(text: string): string | undefined {
  const problem = urlProblem(text, WRITE_URL);
  if (problem !== undefined) return problem;
  const url = new URL(text);
  if (url.hostname === '') return `has no host. ${WRITE_URL}`;
  if (!/^\/?0?$/.test(url.pathname)) return 'has a path. A Cluster only has database 0: remove the path.';
  return url.search === '' ? undefined : 'has options in its query. Write them next to nodes.';
}

interface ParsedNode extends NodeAddress {
  readonly access: Pick<RedisOptions, 'username' | 'password' | 'tls'>;
}

function parseNode(node: string | NodeAddress): ParsedNode {
  if (typeof node !== 'string') return { host: node.host, port: node.port, access: {} };
  const { protocol, hostname, port, username, password } = new URL(node);
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? 6379 : Number(port),
    access: given({
      username: decodeURIComponent(username) || undefined,
      password: decodeURIComponent(password) || undefined,
      tls: protocol === 'rediss:' ? {} : undefined,
    }),
  };
}

function seedsOf(nodes: readonly NodeAddress[]): readonly ClusterNode[] {
  return nodes.map(({ host, port }) => ({ host, port, isMaster: true }));
}

function accessOf(nodes: readonly ParsedNode[]): ParsedNode['access'] {
  return Object.assign({}, ...nodes.map(({ access }) => access)) as ParsedNode['access'];
}

function parsedNodesOf(client: Cluster): readonly ParsedNode[] {
  return startupNodesOf(client).map(parseStartupNode);
}

/** The settings for all nodes. */
function optionsOf(client: Cluster): RedisOptions {
  return { ...client.options.redisOptions, ...accessOf(parsedNodesOf(client)) };
}

function parseStartupNode(node: string | number | RedisOptions): ParsedNode {
  if (typeof node === 'number') return { host: '127.0.0.1', port: node, access: {} };
  if (typeof node === 'string') return parseNode(node.includes('://') ? node : `redis://${node}`);
  const { host, port, username, password, tls } = node;
  return {
    host: host ?? '127.0.0.1',
    port: Number(port ?? 6379),
    access: given({ username, password, tls }),
  };
}
