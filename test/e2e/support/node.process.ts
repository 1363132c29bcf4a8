import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ROOT, staleProjects } from '../../../scripts/workspace.build.mjs';
import { guardChild } from '../../support/child.guard.js';

const stale = staleProjects();
if (stale.length > 0)
  throw new Error(`Not built, or older than its sources: ${stale.join(', ')}. Run \`npm run build\`.`);

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A script of the workspace, run by Node in a process of its own. */
export class NodeProcess {
  readonly exited: Promise<Exit>;
  private text = '';

  private constructor(private readonly child: ChildProcess) {
    child.stdin!.on('error', () => undefined);
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => (this.text += chunk));
    }
    child.once('exit', guardChild(child.pid!));
    this.exited = once(child, 'close').then(([code, signal]) => ({ code, signal }) as Exit);
  }

  /**
   * @param script below the workspace, or an absolute path
   * @param environment replaces the variables of this process, but for PATH
   */
  static start(
    script: string,
    environment: Readonly<Record<string, string>>,
    args: readonly string[] = [],
  ): NodeProcess {
    const env = { PATH: process.env['PATH'], NO_COLOR: '1', ...environment };
    return new NodeProcess(
      spawn(process.execPath, [resolve(ROOT, script), ...args], { env, stdio: ['pipe', 'pipe', 'pipe'] }),
    );
  }

  /** What it printed so far, on both streams. */
  get output(): string {
    return this.text;
  }

  /** Resolves with what the pattern matches, as soon as it is in the output. */
  async prints(pattern: RegExp, timeoutMs = 20_000): Promise<RegExpExecArray> {
    const expired = AbortSignal.timeout(timeoutMs);
    let hasExited = false;
    void this.exited.then(() => (hasExited = true));
    for (;;) {
      const isLast = hasExited;
      const match = pattern.exec(this.text);
      if (match) return match;
      if (isLast || expired.aborted) {
        throw new Error(
          `${isLast ? 'Exited without' : `In ${timeoutMs} ms there was no`} ${pattern} in:\n${this.text}`,
        );
      }
      await delay(10);
    }
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Presses keys of its terminal. */
  type(keys: string): void {
    this.child.stdin!.write(keys);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Ends it gracefully and resolves with how it went. Idempotent. */
  async stop(): Promise<Exit> {
    this.child.kill('SIGTERM');
    return this.exited;
  }
}
