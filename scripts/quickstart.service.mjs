import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { hasExited, readLines, spawnGuarded, stopProcess } from './guarded.process.mjs';

const LINE_TIMEOUT_MS = 30_000;
const COMMAND_TIMEOUT_MS = 240_000;
const run = promisify(execFile);

/**
 * Runs a program to its end.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').ExecFileOptions} options
 * @returns {Promise<string>} what it printed to stdout
 * @throws {Error} with everything that it printed, when it fails
 */
export async function execute(command, args, options = {}) {
  try {
    const { stdout } = await run(command, args, {
      timeout: COMMAND_TIMEOUT_MS,
      maxBuffer: 2 ** 24,
      ...options,
    });
    return stdout;
  } catch (error) {
    const said = `${error.stdout ?? ''}${error.stderr ?? ''}`.trim();
    const end = error.killed ? `did not end within ${COMMAND_TIMEOUT_MS / 1_000} s` : 'failed';
    throw new Error(`${command} ${args.join(' ')} ${end}:\n${said || error.message}`, { cause: error });
  }
}

/** A service under test, in a process of its own. */
export class Service {
  #lines = [];
  #child;

  /**
   * @param {string} script what Node runs
   * @param {Record<string, string>} environment beside PATH
   */
  constructor(script, environment) {
    const env = { PATH: process.env.PATH, NO_COLOR: '1', ...environment };
    this.#child = spawnGuarded(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    readLines(this.#child, (line) => this.#lines.push(line));
  }

  /** Resolves when one line contains the text. */
  async prints(text) {
    const expired = AbortSignal.timeout(LINE_TIMEOUT_MS);
    while (!this.#lines.some((line) => line.includes(text))) {
      if (expired.aborted || hasExited(this.#child)) {
        throw new Error(`The service did not print "${text}". It printed:\n${this.#lines.join('\n')}`);
      }
      await delay(20);
    }
  }

  /** Resolves with its exit code, which is null when a signal ended it. */
  async exitCode() {
    if (!hasExited(this.#child))
      await once(this.#child, 'exit', { signal: AbortSignal.timeout(LINE_TIMEOUT_MS) });
    return this.#child.exitCode;
  }

  /** SIGTERM, and after ten seconds SIGKILL. */
  async stop() {
    await stopProcess(this.#child, 10_000);
    if (this.#child.signalCode === 'SIGKILL') throw new Error('The service did not end on SIGTERM.');
  }
}
