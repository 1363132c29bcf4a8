import type { RedisOptions } from 'ioredis';
import { z } from 'zod';

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** The same for all servers, under the names that ioredis and the bus have for it. */
export type RedisAccess = Pick<
  RedisOptions,
  'username' | 'password' | 'db' | 'tls' | 'sentinelTLS' | 'enableTLSForSentinelMode'
>;

/** Where Redis is, and which of its forms it has. */
export type RedisPlace =
  | { readonly kind: 'server'; readonly url: string }
  | { readonly kind: 'cluster'; readonly nodes: readonly RedisAddress[]; readonly access: RedisAccess }
  | {
      readonly kind: 'sentinels';
      readonly sentinels: readonly RedisAddress[];
      readonly name: string;
      readonly access: RedisAccess;
    };

const URL_RULE =
  'must be a URL such as redis://user:password@host:6379/0, several of them with commas between for a Cluster, ' +
  'or redis+sentinel://user:password@host:26379,host:26379/mymaster';
const SENTINEL_RULE =
  'must be like redis+sentinel://user:password@host:26379,host:26379/mymaster, or end with /mymaster/0 for a database';
const CLUSTER_RULE =
  'must have the same user, password and TLS in all of its URLs, and no database: together they name one Cluster';

const SENTINELS = /^(rediss?)\+sentinel:\/\/(?:([^@/]*)@)?([^@/]+)\/([\w.-]+)(?:\/(\d+))?$/;
/** What may follow the address. Of a password with a bare # or @, it is a part: that is no database. */
const DATABASE = /^\/?\d*(\?[^#@]*)?$/;
const NO_DATABASE = /^\/?0?$/;
const HOST = /^([\w.-]+|\[.+\])$/;

/**
 * Reads what the environment says of Redis:
 *
 * - `redis://user:password@host:6379/0` is one server.
 * - `redis://host:7000,redis://host:7001` are nodes of a Cluster, which tell of the others. One is enough, written twice.
 * - `redis+sentinel://user:password@host:26379,host:26379/mymaster/0` are Sentinels, and the master by their name for
 *   it; user and password are the servers', the Sentinels have none.
 *
 * With `rediss` instead of `redis` it is all over TLS. What is wrong never repeats the text: it may hold a password.
 */
export const redisPlaceSchema = z.string().transform((text, context): RedisPlace => {
  const place = text.includes('+sentinel:') ? parseSentinels(text) : parseUrls(text);
  if (typeof place !== 'string') return place;
  context.addIssue({ code: 'custom', message: place });
  return z.NEVER;
});

/** The place, or the rule that the text breaks. */
function parseUrls(text: string): RedisPlace | string {
  // A password may have commas of its own.
  const urls = text.split(/\s*,\s*(?=rediss?:\/\/)/);
  const parsed = urls.map((url) => parseUrl(url, 6379));
  const [first] = parsed;
  if (!first || !parsed.every((server) => server !== undefined)) return URL_RULE;
  if (urls.length === 1) return DATABASE.test(first.rest) ? { kind: 'server', url: text } : URL_RULE;
  const areAlike = new Set(parsed.map((server) => JSON.stringify(server.access))).size === 1;
  if (!areAlike || parsed.some(({ rest }) => !NO_DATABASE.test(rest))) return CLUSTER_RULE;
  return { kind: 'cluster', nodes: parsed.map(({ address }) => address), access: first.access };
}

/** The place, or the rule that the text breaks. */
function parseSentinels(text: string): RedisPlace | string {
  const [, scheme, credentials = '', hosts = '', name = '', db = '0'] = SENTINELS.exec(text) ?? [];
  const parsed = hosts.split(',').map((host) => parseUrl(`${scheme}://${credentials}@${host}`, 26379));
  const [first] = parsed;
  if (!first || !parsed.every((sentinel) => sentinel !== undefined)) return SENTINEL_RULE;
  if (parsed.some(({ rest }) => rest !== '')) return SENTINEL_RULE;
  const { tls } = first.access;
  const overTls = tls && { sentinelTLS: tls, enableTLSForSentinelMode: true };
  return {
    kind: 'sentinels',
    sentinels: parsed.map(({ address }) => address),
    name,
    access: { ...first.access, db: Number(db), ...overTls },
  };
}

interface ParsedUrl {
  readonly address: RedisAddress;
  readonly access: RedisAccess;
  /** What follows the address. */
  readonly rest: string;
}

/** Undefined when it is no URL of a Redis. */
function parseUrl(text: string, defaultPort: number): ParsedUrl | undefined {
  try {
    const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(text);
    if (!/^rediss?:$/.test(protocol) || !HOST.test(hostname)) return undefined;
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    return {
      address: { host, port: port === '' ? defaultPort : Number(port) },
      access: {
        ...(username && { username: decodeURIComponent(username) }),
        ...(password && { password: decodeURIComponent(password) }),
        ...(protocol === 'rediss:' && { tls: {} }),
      },
      rest: pathname + search + hash,
    };
  } catch {
    return undefined;
  }
}
