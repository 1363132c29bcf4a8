import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './free.port.mjs';
import { hasExited, spawnGuarded, stopProcess } from './guarded.process.mjs';
import { StartError } from './start.error.mjs';

const DEFAULT_URL = 'redis://127.0.0.1:6379';
const PROBE_TIMEOUT_MS = 1_000;
const START_TIMEOUT_MS = 5_000;

/**
 * The Redis that the apps shall use: the one of REDIS_URL, else the one on the default port, else a redis-server of our
 * own, else none.
 *
 * @param {Record<string, string | undefined>} env
 * @returns {Promise<{ url?: string, description: string, stop: () => Promise<void> }>} without `url`: no Redis
 * @throws {StartError} when REDIS_URL is none, or leads to a server that does not answer
 */
export async function findRedis(env) {
  const wanted = env.REDIS_URL;
  if (wanted) {
    const problem = (await kindOf(wanted)) === 'server' ? await probe(wanted) : undefined;
    if (problem)
      throw new StartError(
        `The Redis of REDIS_URL (${withoutPassword(wanted)}) does not answer: ${problem}.`,
      );
    return {
      url: wanted,
      description: `Redis of REDIS_URL, ${withoutPassword(wanted)}`,
      stop: async () => {},
    };
  }

  const problem = await probe(DEFAULT_URL);
  if (!problem) return { url: DEFAULT_URL, description: `Redis at ${DEFAULT_URL}`, stop: async () => {} };
  const hint = whyNot(problem);
  const own = await startRedis(env);
  if (own) return { ...own, description: `Redis started for this run at ${own.url}, kept in memory${hint}` };
  return {
    description: `no Redis: all apps in one process, events and data in its memory${hint}`,
    stop: async () => {},
  };
}

/** In a Cluster or behind Sentinels there is more than one to ask: the apps do, and say what is wrong. */
async function kindOf(url) {
  // Built by now, but not when this file is loaded.
  const { redisPlaceSchema } = await import('../libs/shop-events/dist/index.js');
  const { data, error } = redisPlaceSchema.safeParse(url);
  if (error) throw new StartError(`REDIS_URL ${error.issues[0].message}.`);
  return data.kind;
}

/** @returns {Promise<string | undefined>} what is wrong; undefined when it answers PING */
async function probe(url) {
  let problem;
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: PROBE_TIMEOUT_MS,
    commandTimeout: PROBE_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: null,
    enableReadyCheck: false,
  });
  client.on('error', (error) => (problem ??= error.message));
  try {
    await client.connect();
    await client.ping();
    return undefined;
  } catch (error) {
    return (problem ?? error.message).replace(/\.$/, '');
  } finally {
    client.disconnect();
  }
}

/** In words after the choice of something else; empty when nothing is there at all. */
function whyNot(problem) {
  if (problem.includes('ECONNREFUSED')) return '';
  if (!problem.includes('NOAUTH')) return ` (what is on port 6379 does not answer as Redis does: ${problem})`;
  return ' (the one on port 6379 wants a password: set REDIS_URL=redis://:<password>@127.0.0.1:6379 to use it)';
}

function withoutPassword(url) {
  return url.replace(/\/\/[^@/]*@/g, '//…@');
}

/** @returns {Promise<{ url: string, stop: () => Promise<void> } | undefined>} undefined when there is none to start */
export async function startRedis(env) {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const settings = { port, bind: '127.0.0.1', save: '', appendonly: 'no', dir: tmpdir() };
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  // In a process group of its own: Ctrl-C must not take it away before the apps have finished.
  const server = spawnGuarded('redis-server', options, { env, stdio: 'ignore', detached: true });
  server.on('error', () => undefined);
  const stop = () => stopProcess(server, 2_000);
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  while (!hasExited(server) && performance.now() < deadlineMs) {
    if (!(await probe(url))) return { url, stop };
    await delay(20);
  }
  await stop();
  return undefined;
}
