import { isIP } from 'node:net';
import type { OptionCheck, OptionTable } from '../../option.checks.js';
import { fitting, said } from '../../option.checks.js';

const CREDENTIALS =
  'has a reserved character in its user or password (/ ? # % or a space), or extra text after the host. Write user and password percent-encoded: encodeURIComponent().';
const LISTS = 'For Sentinel, use redis({ sentinels, name }); for a Cluster, redisCluster({ nodes }).';
const SEVERAL = `has several addresses. Write one. ${LISTS}`;
const SPACE = 'has a space or a line break in it. Remove it.';
const SOCKET = "is a Unix socket. Write redis({ path: '/run/redis.sock' }).";

/** Schemes used elsewhere, with what to write here. */
const SCHEMES: readonly (readonly [RegExp, string])[] = [
  [/^(unix|file|redis[-+]socket)$/i, "For a Unix socket, write redis({ path: '/run/redis.sock' })."],
  [
    /^(rediss?[-+])?sentinel$/i,
    "For Sentinel, write redis({ sentinels: [{ host: 'localhost', port: 26379 }], name: 'mymaster' }).",
  ],
  [/^rediss?[-+]cluster$/i, "For a Cluster, write redisCluster({ nodes: ['redis://localhost:7000'] })."],
];

/**
 * The problem of a URL up to its path, with what to write instead. Never repeats text that may be a password.
 *
 * @param write an example of a valid URL
 */
export function urlProblem(url: unknown, write: string): string | undefined {
  if (Array.isArray(url)) return `is a list. Write one address. ${LISTS}`;
  if (url instanceof URL) return 'is a URL object. Write its href.';
  if (typeof url !== 'string') return 'must be a string, e.g. redis://localhost:6379.';
  if (url.trim() === '') return `is not a URL because it is empty. ${write}`;
  const [, scheme, rest] = /^([a-z][a-z\d+.-]*):\/\/(.*)$/is.exec(url) ?? [];
  if (scheme === undefined || rest === undefined) return withoutScheme(url, write);
  if (!/^rediss?$/i.test(scheme)) {
    const [, advice = write] = SCHEMES.find(([known]) => known.test(scheme)) ?? [];
    return `starts with ${JSON.stringify(`${scheme}:`)}. ${advice}`;
  }
  return authorityProblem(rest, write) ?? (URL.canParse(url) ? undefined : `is not a URL. ${write}`);
}

function withoutScheme(url: string, write: string): string {
  if (url.startsWith('/')) return SOCKET;
  if (/^\s/.test(url)) return SPACE;
  return `is not a URL because it does not start with redis://. ${write}`;
}

/** @param rest the text after the scheme */
function authorityProblem(rest: string, write: string): string | undefined {
  if (/,\s*rediss?:\/\//i.test(rest)) return SEVERAL;
  const at = rest.lastIndexOf('@');
  const credentials = rest.slice(0, Math.max(at, 0));
  if (/[/?#\\\s]/.test(credentials) || !isDecodable(credentials) || rest.includes('#')) return CREDENTIALS;
  if (/\s/.test(rest)) return SPACE;
  const [place = ''] = rest.slice(at + 1).split(/[/?]/, 1);
  if (place.includes(',')) return SEVERAL;
  if (place === '' && at !== -1) return `has no host. ${write}`;
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(place) ?? [];
  if (!host.startsWith('[') && port?.includes(':')) {
    return 'has more than one colon in its host. Write an IPv6 address in brackets, redis://[::1]:6379, and user and password before an @.';
  }
  if (port !== undefined && port !== '' && !isPort(port)) {
    return `has a port that is not a number from 1 to 65535. ${write}`;
  }
  return undefined;
}

/** The problem of the name or the IP address of a server, with what to write instead. */
function hostProblem(host: unknown): string | undefined {
  if (typeof host !== 'string' || host.trim() === '')
    return "must be a name or an IP address, e.g. 'localhost'.";
  if (host.includes('://')) return 'is a URL. Write only the name or the IP address, or use the option url.';
  if (host.includes('@')) return 'has a user or a password in it. Use the options username and password.';
  if (host.startsWith('/')) return 'is a path. For a Unix socket, use the option path.';
  if (/\s/.test(host)) return SPACE;
  if (host.includes(',')) return SEVERAL;
  if (isIP(host) !== 0) return undefined;
  if (host.startsWith('['))
    return "has brackets. Write an IPv6 address without brackets, host: '::1', and use the option port.";
  if (host.includes(':')) return "has a port in it. Write host: 'localhost', port: 6379.";
  return host.includes('/') ? 'has a path in it. Write only the name or the IP address.' : undefined;
}

/** The problem of a port. Digits as text are valid, for example from the environment. */
function portProblem(port: unknown): string | undefined {
  return isPort(port) ? undefined : 'must be a number from 1 to 65535.';
}

/** The problem of a server address, with what to write instead. Options that are not set are valid. */
export function serverProblem({ host, port }: { host?: unknown; port?: unknown }): string | undefined {
  const [problem] = [
    ...(host === undefined ? [] : said('host', hostProblem(host))),
    ...(port === undefined ? [] : said('port', portProblem(port))),
  ];
  return problem;
}

/** The highest number that a server accepts. */
const MAX_DB = 2 ** 31 - 1;

/** The options that say where to connect to. */
export const ADDRESS: OptionTable = {
  host: orNull(hostProblem),
  port: orNull(portProblem),
  path: orNull(pathProblem),
  db: orNull(fitting((db) => isWhole(db, 0, MAX_DB), 'must be the number of a database, e.g. 0.')),
};

/** ioredis accepts null for an option that is not set. */
function orNull(check: OptionCheck): OptionCheck {
  return (value) => (value === null ? undefined : check(value));
}

function pathProblem(path: unknown): string | undefined {
  if (typeof path !== 'string' || path.trim() === '')
    return "must be the path of a Unix socket, e.g. '/run/redis.sock'.";
  return path.includes('://')
    ? 'is a URL. Write only the path of the Unix socket, or use the option url.'
    : undefined;
}

/** The problem of `tls` together with this URL, with what to write instead. */
export function tlsProblem(tls: unknown, url: unknown): string | undefined {
  const isOff = tls === false || tls === null;
  return isOff && typeof url === 'string' && /^rediss:/i.test(url)
    ? 'is off, but the URL requires TLS. Write redis:// instead of rediss://, or remove tls.'
    : undefined;
}

function isPort(port: unknown): boolean {
  return isWhole(port, 1, 65_535);
}

function isWhole(value: unknown, min: number, max: number): boolean {
  if (typeof value === 'string' ? !/^\d+$/.test(value) : typeof value !== 'number') return false;
  return Number.isInteger(Number(value)) && Number(value) >= min && Number(value) <= max;
}

/** A % without percent-encoding, or bytes that are not UTF-8, would throw when read. */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
