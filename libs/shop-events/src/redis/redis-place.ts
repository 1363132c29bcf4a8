import type { RedisOptions } from 'ioredis';
import { z } from 'zod';

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** Options for all servers, with the names that ioredis and the bus use. */
export type RedisAccess = Pick<
  RedisOptions,
  'username' | 'password' | 'db' | 'tls' | 'sentinelTLS' | 'enableTLSForSentinelMode'
>;

/** The address of Redis, in one of three forms. */
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
  'must be a URL such as redis://user:password@host:6379/0, several of them separated by commas for a Cluster, ' +
  'or redis+sentinel://user:password@host:26379,host:26379/mymaster';
const SENTINEL_RULE =
  'must be like redis+sentinel://user:password@host:26379,host:26379/mymaster, or end with /mymaster/0 for a database';
const CLUSTER_RULE =
  'must have the same user, password and TLS in all of its URLs, and no database: together they name one Cluster';

const SENTINELS = /^(rediss?)\+sentinel:\/\/(?:([^@/]*)@)?([^@/]+)\/([\w.-]+)(?:\/(\d+))?$/;
/** What may follow the address. After a password with an unescaped # or @ it is part of the password, so it is no database. */
const DATABASE = /^\/?\d*(\?[^#@]*)?$/;
const NO_DATABASE = /^\/?0?$/;
const HOST = /^([\w.-]+|\[.+\])$/;

/**
 * Parses the address of Redis in the environment:
 *
 * - `redis://user:password@host:6379/0` is one server.
 * - `redis://host:7000,redis://host:7001` are some nodes of a Cluster. One is enough, written twice.
 * - `redis+sentinel://user:password@host:26379,host:26379/mymaster/0` are Sentinels, and the name of the master; user and
 *   password are those of the servers, the Sentinels have none.
 *
 * `rediss` instead of `redis` uses TLS for all connections. Errors never repeat the text: it may contain a password.
 */
export const redisPlaceSchema = z.string().transform((text, context): RedisPlace => {
  const place = text.includes('+sentinel:') ? parseSentinels(text) : parseUrls(text);
  if (typeof place !== 'string') return place;
  context.addIssue({ code: 'custom', message: place });
  return z.NEVER;
});

/** The place, or the rule that the text breaks. */
function parseUrls(text: string): RedisPlace | string {
  // A password may contain commas.
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

/** Undefined if it is no Redis URL. */
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
