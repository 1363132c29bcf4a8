import { findRedis } from './redis.finder.mjs';
import { Shop } from './shop.mjs';
import { StartError } from './start.error.mjs';
import { ensureBuilt } from './workspace.build.mjs';

/**
 * Builds what is stale, finds Redis, starts the apps, and runs `whileOpen` when they are ready. Stops everything, also when that
 * fails, when an app ends before it is ready, or on a signal.
 *
 * @param {object} options
 * @param {Record<string, string | undefined>} options.env
 * @param {string} options.host
 * @param {(line: string) => void} options.write
 * @param {() => Promise<import('./shop.mjs').ShopPorts>} options.choosePorts
 * @param {(shop: Shop, signal: AbortSignal) => Promise<void>} options.whileOpen
 * @param {boolean} [options.isWhole] whether an app that ends later ends everything
 * @returns {Promise<'done' | 'interrupted' | 'failed'>}
 */
export async function runShop({ env, host, write, choosePorts, whileOpen, isWhole = true }) {
  const interruption = new AbortController();
  const { signal } = interruption;
  // Stays for good: a signal that comes twice, from the terminal and from npm, must not cut the stopping short.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => interruption.abort());
  // npm's shell may end without passing the signal on.
  if (env.npm_lifecycle_event) whenParentEnds(() => interruption.abort());
  const interrupted = new Promise((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason)),
  );
  interrupted.catch(() => undefined);

  let redis;
  let shop;
  try {
    const ports = await choosePorts();
    await ensureBuilt({ write, signal });
    redis = await findRedis(env);
    write(`Using ${redis.description}`);
    signal.throwIfAborted();
    shop = new Shop({ redisUrl: redis.url, ports, host, env, write });
    const failure = shop.failure();
    failure.catch(() => undefined);
    await Promise.race([shop.untilReady(signal), failure, interrupted]);
    await Promise.race([whileOpen(shop, signal), ...(isWhole ? [failure] : []), interrupted]);
    return 'done';
  } catch (error) {
    if (signal.aborted) return 'interrupted';
    console.error(error instanceof StartError ? error.message : error.stack);
    return 'failed';
  } finally {
    // Ends what still waits for an app that will not be ready.
    interruption.abort();
    await shop?.stop();
    await redis?.stop();
  }
}

function whenParentEnds(then) {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && then(), 250).unref();
}
