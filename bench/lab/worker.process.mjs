import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { hasExited, spawnGuarded, stopProcess } from '../../scripts/guarded.process.mjs';

const KEPT_OUTPUT_CHARS = 4_000;

/** A process that is measured, or that makes load: one of `workers/`. Emits what it tells, by name. */
export class WorkerProcess extends EventEmitter {
  calls = new Map();
  nextId = 0;
  output = '';
  heardAtMs = performance.now();

  /**
   * @param {string} worker the name of a file in `workers/`
   * @param {readonly string[]} nodeOptions
   */
  constructor(worker, nodeOptions = []) {
    super();
    this.worker = worker;
    const file = fileURLToPath(new URL(`../workers/${worker}.worker.mjs`, import.meta.url));
    // In a process group of its own, so that Ctrl-C reaches this process alone, which then ends all of them.
    this.child = spawnGuarded(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', ...nodeOptions, file],
      {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        detached: true,
      },
    );
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.output = (this.output + text).slice(-KEPT_OUTPUT_CHARS);
      });
    }
    this.child.on('message', (message) => this.heard(message));
    this.child.on('error', (error) => this.failAll(error));
    this.child.on('exit', () => this.failAll(new Error(`The ${worker} process has ended.\n${this.output}`)));
  }

  /** Resolves with what the command returns. */
  call(command, args = {}) {
    const id = (this.nextId += 1);
    return new Promise((resolve, reject) => {
      this.calls.set(id, { resolve, reject });
      if (hasExited(this.child))
        this.failAll(new Error(`The ${this.worker} process has ended.\n${this.output}`));
      else this.child.send({ id, command, args });
    });
  }

  /** A command without an answer. */
  tell(command, args) {
    if (this.child.connected) this.child.send({ command, args });
  }

  async stop() {
    await stopProcess(this.child, 2_000);
  }

  heard({ id, result, error, event, data }) {
    this.heardAtMs = performance.now();
    if (event !== undefined) {
      this.emit(event, data);
      return;
    }
    const call = this.calls.get(id);
    this.calls.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(error));
  }

  failAll(error) {
    for (const { reject } of this.calls.values()) reject(error);
    this.calls.clear();
  }
}
