import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { ROOT, staleProjects } from '../../../scripts/workspace.build.mjs';
import { guardChild } from '../../support/child.guard.js';
import { eventually } from '../../support/eventually.js';

const stale = staleProjects();
if (stale.length > 0)
  throw new Error(`Not built, or older than its sources: ${stale.join(', ')}. Run \`npm run build\`.`);

const SCRIPT = resolve(ROOT, 'libs/event-bus/dist/cli/main.js');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line of the built library, as a process. */
export class CommandProcess {
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  private constructor(private readonly child: ChildProcess) {
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    child.once('exit', guardChild(child.pid!));
    this.ended = once(child, 'close').then(([code]) => ({
      code: code as number | null,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
  }

  /** @param environment replaces the variables of this process, but for PATH */
  static start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): CommandProcess {
    const env = { PATH: process.env['PATH'], ...environment };
    return new CommandProcess(spawn(process.execPath, [SCRIPT, ...args], { env, stdio: 'pipe' }));
  }

  /** Runs it to its end. @param input on its stdin */
  static run(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    input = '',
  ): Promise<Ended> {
    const command = CommandProcess.start(args, environment);
    command.child.stdin!.end(input);
    return command.ended;
  }

  /** Resolves when one of its streams has this. */
  prints(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<void> {
    return eventually(() => expect(this[stream]).toMatch(pattern), { timeoutMs: 20_000 });
  }

  /** Complete lines of stdout. */
  get lines(): readonly string[] {
    return this.stdout.split('\n').slice(0, -1);
  }

  /** What Ctrl-C sends. */
  interrupt(): Promise<Ended> {
    this.child.kill('SIGINT');
    return this.ended;
  }

  /** Nobody reads its output any more, as behind `| head`. */
  closeOutput(): void {
    this.child.stdout!.destroy();
  }
}
