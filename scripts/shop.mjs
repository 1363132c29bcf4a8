import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { hasExited, readLines, spawnGuarded, stopProcess } from './guarded.process.mjs';
import { StartError } from './start.error.mjs';
import { ROOT } from './workspace.build.mjs';

/** Longer than an app takes to finish what it does. */
const STOP_TIMEOUT_MS = 15_000;
const READY_TIMEOUT_MS = 30_000;

/** @typedef {Readonly<Record<'orders' | 'notifications', number>>} ShopPorts */

/** The running apps: a process for each, or one for both when there is no Redis between them. */
export class Shop {
  #processes;

  /**
   * @param {object} options
   * @param {string | undefined} options.redisUrl
   * @param {ShopPorts} options.ports
   * @param {string} options.host
   * @param {Record<string, string | undefined>} options.env
   * @param {(line: string) => void} options.write gets what the apps print
   */
  constructor({ redisUrl, ports, host, env, write }) {
    const reachable = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
    this.urls = {
      orders: `http://${reachable}:${ports.orders}`,
      notifications: `http://${reachable}:${ports.notifications}`,
    };

    const shared = { ...env, HOST: host, REDIS_URL: redisUrl };
    const start = (name, script, variables) => {
      const child = spawnGuarded(process.execPath, ['--enable-source-maps', join(ROOT, script)], {
        env: { ...shared, ...variables },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      readLines(child, (line) => write(withPrefix(name, line)));
      return { name, child };
    };
    this.#processes = redisUrl
      ? [
          start('orders', 'apps/orders/dist/main.js', { PORT: String(ports.orders) }),
          start('notifications', 'apps/notifications/dist/main.js', { PORT: String(ports.notifications) }),
        ]
      : [
          start('shop', 'scripts/both.apps.mjs', {
            ORDERS_PORT: String(ports.orders),
            NOTIFICATIONS_PORT: String(ports.notifications),
          }),
        ];
  }

  /**
   * Rejects as soon as an app has ended: the shop is not whole without it. Never resolves.
   *
   * @returns {Promise<never>}
   */
  failure() {
    return Promise.race(
      this.#processes.map(
        ({ name, child }) =>
          new Promise((_resolve, reject) => {
            const fail = () =>
              reject(
                new StartError(`${name} has ended (${child.signalCode ?? `exit code ${child.exitCode}`}).`),
              );
            if (hasExited(child)) fail();
            else child.once('close', fail);
          }),
      ),
    );
  }

  /**
   * Resolves when both apps say that they are ready.
   *
   * @param {AbortSignal} signal
   */
  async untilReady(signal) {
    const deadlineMs = performance.now() + READY_TIMEOUT_MS;
    for (const [name, url] of Object.entries(this.urls)) {
      while (!(await isReady(url))) {
        if (performance.now() > deadlineMs)
          throw new StartError(`${name} is not ready after ${READY_TIMEOUT_MS} ms.`);
        await delay(50, undefined, { signal });
      }
    }
  }

  /** Lets the apps finish what they do. Resolves when they have ended. */
  async stop() {
    await Promise.all(this.#processes.map(({ child }) => stopProcess(child, STOP_TIMEOUT_MS)));
  }
}

async function isReady(url) {
  try {
    return (await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

/** The apps' loggers write the prefix themselves, a crash of Node does not. */
function withPrefix(name, line) {
  return stripVTControlCharacters(line).startsWith(`[${name}]`) ? line : `[${name}] ${line}`;
}
