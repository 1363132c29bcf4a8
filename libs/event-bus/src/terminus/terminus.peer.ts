import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ConfigurationError } from '../index.js';

const ENTRY = 'nestjs-redis-event-bus/terminus';
const PEER = '@nestjs/terminus';
const CURE = `Run: npm install ${PEER}@^12`;
/** The first version whose results may be `degraded`. */
const FIRST_MAJOR = 12;

/** @throws ConfigurationError with the line that installs what is missing. */
export function requireTerminus(): void {
  const problem = terminusProblem(process.argv[1] ?? `${process.cwd()}/index.js`);
  if (problem !== undefined) throw new ConfigurationError([problem]);
}

/**
 * Results need no code of the peer, so nothing of it is imported: a missing package would be reported without a word of what to
 * do, and an old one would answer 503 for `degraded`.
 *
 * @param script an absolute path of the application
 */
export function terminusProblem(script: string): string | undefined {
  const own = manifestOf('nestjs-redis-event-bus', script);
  // Bundled with the application: nothing is left to be found.
  if (typeof own !== 'object') return undefined;
  const peer = manifestOf(PEER, own.path);
  if (peer === 'missing') return `${ENTRY} needs ${PEER}, which is not installed. ${CURE}`;
  if (typeof peer !== 'object' || Number.parseInt(peer.version, 10) >= FIRST_MAJOR) return undefined;
  return `${ENTRY} needs ${PEER} ${FIRST_MAJOR}, and ${peer.version} is installed, which has no degraded state. ${CURE}`;
}

interface Manifest {
  readonly path: string;
  readonly version: string;
}

/** Of the package that the module at `from` would get. */
function manifestOf(name: string, from: string): Manifest | 'missing' | 'unknown' {
  try {
    const path = createRequire(from).resolve(`${name}/package.json`);
    const { version } = JSON.parse(readFileSync(path, 'utf8')) as { readonly version?: unknown };
    return typeof version === 'string' ? { path, version } : 'unknown';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND' ? 'missing' : 'unknown';
  }
}
