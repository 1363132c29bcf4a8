import { PassThrough, Readable } from 'node:stream';
import { runCommandLine } from '../../libs/event-bus/src/cli/command.line.js';
import { Terminal } from '../../libs/event-bus/src/cli/terminal.js';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command line in this process, from its sources. */
export class CommandRun {
  stdout = '';
  stderr = '';
  readonly result: Promise<CommandResult>;
  readonly out = new PassThrough();
  private readonly terminal: Terminal;

  /** @param isScreen whether it writes to a terminal */
  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    input = '',
    isScreen = false,
  ) {
    const stderr = new PassThrough();
    this.out.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.terminal = new Terminal({
      stdin: Readable.from([input]),
      stdout: Object.assign(this.out, { isTTY: isScreen }),
      stderr,
    });
    this.result = runCommandLine(args, env, this.terminal).then((code) => ({
      code,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
  }

  /** As Ctrl-C does. */
  interrupt(): Promise<CommandResult> {
    this.terminal.end();
    return this.result;
  }
}

/** Runs it to its end. */
export function runCommand(...call: ConstructorParameters<typeof CommandRun>): Promise<CommandResult> {
  return new CommandRun(...call).result;
}
