import { tmpdir } from 'node:os';
import { Redis } from 'ioredis';
import { freePort } from '../../scripts/free.port.mjs';
import { hasExited, spawnGuarded, stopProcess } from '../../scripts/guarded.process.mjs';

const ATTEMPTS = 5;
const START_TIMEOUT_MS = 10_000;
const SETTINGS = {
  bind: '127.0.0.1',
  save: '',
  appendonly: 'no',
  dir: tmpdir(),
  // A subscriber that is slower than its publisher must be measured, not closed.
  'client-output-buffer-limit': 'pubsub 0 0 0',
};

/** One redis-server of the run: loopback, in memory, ends with this process. */
export class BenchServer {
  constructor(port, child, admin) {
    this.port = port;
    this.child = child;
    /** For questions between the measurements. */
    this.admin = admin;
  }

  /**
   * @param {Record<string, string | number>} settings beside the usual ones
   * @throws when it does not start
   */
  static async start(settings = {}) {
    for (let attempt = 1; ; attempt += 1) {
      const port = await freePort();
      const options = Object.entries({ port, ...SETTINGS, ...settings });
      const args = options.flatMap(([name, value]) => [`--${name}`, String(value)]);
      // In a process group of its own, so that Ctrl-C ends it after its clients.
      const child = spawnGuarded('redis-server', args, { stdio: 'ignore', detached: true });
      let failure;
      child.on('error', (error) => (failure = error));
      const admin = new Redis({
        port,
        retryStrategy: () => 20,
        maxRetriesPerRequest: null,
        commandTimeout: START_TIMEOUT_MS,
      });
      admin.on('error', () => undefined);
      try {
        await Promise.race([admin.ping(), ended(child)]);
        return new BenchServer(port, child, admin);
      } catch (error) {
        admin.disconnect();
        await stopProcess(child, 1_000);
        if (failure) {
          throw new Error(`redis-server cannot be run (${failure.message}): run \`npm run redis\` first.`, {
            cause: failure,
          });
        }
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** What contenders need to know to connect. */
  get place() {
    return { port: this.port };
  }

  /** Where each of the channels is published. */
  portsOf(channels) {
    return channels.map(() => this.port);
  }

  /** User and system time that the server has used, in microseconds (INFO cpu). */
  async cpuUs() {
    const info = await this.admin.info('cpu');
    const seconds = (name) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)[1]);
    return Math.round((seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6);
  }

  async version() {
    return /^redis_version:(\S+)/m.exec(await this.admin.info('server'))[1];
  }

  async stop() {
    this.admin.disconnect();
    if (!hasExited(this.child)) await stopProcess(this.child, 2_000);
  }
}

function ended(child) {
  return new Promise((_, reject) => {
    const fail = () => reject(new Error('redis-server has ended before it answered.'));
    if (hasExited(child)) fail();
    child.once('exit', fail);
    child.once('error', fail);
  });
}
