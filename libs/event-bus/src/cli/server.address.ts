import { urlProblem } from '../transports/redis/address.problems.js';
import { UsageError } from './usage.error.js';

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** What one URL says. */
export interface UrlParts extends ServerAddress {
  readonly isSecure: boolean;
  readonly database: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

const LOCAL = 'redis://127.0.0.1';
const PORTS = { server: 6379, cluster: 6379, sentinel: 26_379 } as const;
const WRITE = 'Write redis://host:6379, or rediss://host:6380 for TLS.';

/**
 * Of the options, or of the environment, or of this host.
 *
 * @throws UsageError, which never repeats a URL: it may contain a password
 */
export function readAddresses(
  urls: readonly string[] | undefined,
  variable: string | undefined,
  topology: keyof typeof PORTS,
): readonly [UrlParts, ...UrlParts[]] {
  const source = urls === undefined ? 'REDIS_URL' : '--url';
  const fallback = variable === undefined || variable === '' ? LOCAL : variable;
  const [first = '', ...others] = (urls ?? [fallback]).flatMap((text) => text.split(/,\s*(?=rediss?:\/\/)/i));
  if (topology === 'server' && others.length > 0) {
    throw new UsageError(
      `${source} has several addresses. Write one, or add --cluster or --sentinel <name of the master>.`,
    );
  }
  const read = (url: string) => partsOf(url, source, PORTS[topology]);
  return [read(first), ...others.map(read)];
}

function partsOf(text: string, source: string, defaultPort: number): UrlParts {
  const problem = urlProblem(text, WRITE);
  if (problem !== undefined) throw new UsageError(`${source} ${inOwnWords(problem)}`);
  const { protocol, hostname, port, username, password, pathname, search } = new URL(text);
  if (!/^\/?\d{0,9}$/.test(pathname)) {
    throw new UsageError(`${source} has a path that is not a database number. Write redis://host:6379/0.`);
  }
  if (search !== '')
    throw new UsageError(`${source} has options in its query. Write them as options: see --help.`);
  return {
    host: hostname === '' ? '127.0.0.1' : hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? defaultPort : Number(port),
    isSecure: protocol === 'rediss:',
    database: Number(pathname.slice(1)),
    username: decodeURIComponent(username) || undefined,
    password: decodeURIComponent(password) || undefined,
  };
}

/** Some advice is about options of functions. */
function inOwnWords(problem: string): string {
  return /redis(Cluster)?\(|encodeURI/.test(problem)
    ? `${problem.replace(/\. .*/s, '.')} ${WRITE} Percent-encode user and password.`
    : problem;
}
