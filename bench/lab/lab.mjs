import { BenchCluster } from './redis.cluster.mjs';
import { BenchServer } from './redis.server.mjs';
import { WorkerProcess } from './worker.process.mjs';

const STALLED = Symbol('stalled');

/** Everything that a run has started, so that nothing of it stays. */
export class Lab {
  /** @type {Set<{ stop(): Promise<void> }>} */
  started = new Set();
  isStopped = false;

  /** @param {number} stallTimeoutMs how long nothing may happen before a round has failed */
  constructor({ stallTimeoutMs }) {
    this.stallTimeoutMs = stallTimeoutMs;
  }

  /** The server of all trials but those of the cluster. */
  async server() {
    this.single ??= this.keep(BenchServer.start());
    return this.single;
  }

  /** Three masters. */
  async cluster() {
    this.masters ??= this.keep(BenchCluster.start());
    return this.masters;
  }

  /** The load generator, which all trials share. */
  loader() {
    this.load ??= this.worker('load');
    return this.load;
  }

  worker(name, nodeOptions) {
    const worker = new WorkerProcess(name, nodeOptions);
    this.started.add(worker);
    if (this.isStopped) void worker.stop();
    return worker;
  }

  /** Stops it with the rest, also when it comes too late. */
  async keep(starting) {
    const thing = await starting;
    this.started.add(thing);
    if (this.isStopped) await thing.stop();
    return thing;
  }

  async release(thing) {
    await thing.stop();
    this.started.delete(thing);
  }

  /**
   * Resolves as the promise does.
   *
   * @throws when the worker tells nothing for `stallTimeoutMs`, with what `describe` says of it
   */
  async unlessStalled(worker, promise, describe) {
    worker.heardAtMs = performance.now();
    let timer;
    const stalled = new Promise((resolve) => {
      timer = setInterval(() => {
        if (performance.now() - worker.heardAtMs >= this.stallTimeoutMs) resolve(STALLED);
      }, 100);
    });
    try {
      const outcome = await Promise.race([promise, stalled]);
      if (outcome === STALLED) throw new Error(await describe());
      return outcome;
    } finally {
      clearInterval(timer);
    }
  }

  /** Ends every process. Idempotent. */
  async stop() {
    this.isStopped = true;
    await Promise.all([...this.started].map((thing) => thing.stop()));
  }
}
