import type { ExitCode } from './exit.codes.js';
import type { ServerAccess } from './server.access.js';
import type { Terminal } from './terminal.js';

/** One option, as `parseArgs` reads it and `--help` shows it. */
export interface CommandOption {
  readonly type: 'string' | 'boolean';
  /** It may be repeated. */
  readonly multiple?: true;
  /** What stands for its value in the help: `<file>`. */
  readonly value?: string;
  readonly text: string;
}

export type OptionsByName = Readonly<Record<string, CommandOption>>;

/** The values of options, by name. Those that were not given are not there. */
export type OptionValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** One call of a command, with everything that was read from its arguments. */
export interface CommandCall {
  readonly values: OptionValues;
  readonly args: readonly string[];
  readonly server: ServerAccess;
  readonly terminal: Terminal;
}

export interface Command {
  readonly name: string;
  /** One sentence, for the list of commands. */
  readonly summary: string;
  /** Its arguments in the usage line: `<target>...`. Empty if it takes none. */
  readonly args: string;
  /** Its own options, without those that all commands have. */
  readonly options: OptionsByName;
  /** Paragraphs below the usage line. */
  readonly help: readonly string[];
  readonly examples: readonly string[];
  /**
   * @throws UsageError when the arguments are wrong
   * @throws Error when it fails: the message says why, without secrets
   */
  run(call: CommandCall): Promise<ExitCode>;
}
