import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { hasExited, readLines, spawnGuarded, stopProcess } from './guarded.process.mjs';
import { StartError } from './start.error.mjs';
import { ROOT } from './workspace.build.mjs';

/** Longer than an app takes to finish what it does. */
const STOP_TIMEOUT_MS = 15_000;
const READY_TIMEOUT_MS = 30_000;

/** @typedef {'orders' | 'notifications' | 'console'} AppName */
/** @typedef {Readonly<{ orders: number, notifications: number, console?: number }>} ShopPorts without a port, an app is not started */

/** The running apps: a process for each, or one for all when there is no Redis between them. */
export class Shop {
  /** @type {Map<string, { start: () => import('node:child_process').ChildProcess, child: import('node:child_process').ChildProcess }>} */
  #processes = new Map();
  #isStopping = false;
  #watchers = [];

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
    const apps = Object.entries(ports);
    this.urls = Object.fromEntries(apps.map(([name, port]) => [name, `http://${reachable}:${port}`]));

    const shared = { ...env, HOST: host, REDIS_URL: redisUrl };
    const add = (name, script, variables) => {
      const start = () => {
        const child = spawnGuarded(process.execPath, ['--enable-source-maps', join(ROOT, script)], {
          env: { ...shared, ...variables },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        readLines(child, (line) => write(withPrefix(name, line)));
        child.once('close', () => this.#ended(name, child));
        return child;
      };
      this.#processes.set(name, { start, child: start() });
    };
    if (redisUrl) {
      for (const [name, port] of apps) add(name, `apps/${name}/dist/main.js`, { PORT: String(port) });
    } else {
      const variables = apps.map(([name, port]) => [`${name.toUpperCase()}_PORT`, String(port)]);
      add('shop', 'scripts/all.apps.mjs', Object.fromEntries(variables));
    }
  }

  /** The names of the processes: `shop` when there is one for all apps. */
  get processes() {
    return [...this.#processes.keys()];
  }

  isRunning(name) {
    return !hasExited(this.#processes.get(name).child);
  }

  /**
   * Calls back when an app has ended that {@link stop} has not ended.
   *
   * @param {(name: string, how: string) => void} watcher
   */
  onEnd(watcher) {
    this.#watchers.push(watcher);
  }

  /**
   * Rejects as soon as an app has ended: the shop is not whole without it. Never resolves.
   *
   * @returns {Promise<never>}
   */
  failure() {
    return new Promise((_resolve, reject) => {
      this.onEnd((name, how) => reject(new StartError(`${name} has ended (${how}).`)));
    });
  }

  /** Ends an app as a crash would. */
  kill(name) {
    this.#processes.get(name).child.kill('SIGKILL');
  }

  /** Starts an app that has ended. */
  startAgain(name) {
    const entry = this.#processes.get(name);
    if (hasExited(entry.child)) entry.child = entry.start();
  }

  /**
   * Resolves when all apps say that they are ready.
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
    this.#isStopping = true;
    await Promise.all([...this.#processes.values()].map(({ child }) => stopProcess(child, STOP_TIMEOUT_MS)));
  }

  #ended(name, child) {
    if (this.#isStopping) return;
    for (const watcher of this.#watchers) watcher(name, child.signalCode ?? `exit code ${child.exitCode}`);
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
