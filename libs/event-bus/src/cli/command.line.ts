import { parseArgs } from 'node:util';
import type { Command, CommandOption, OptionValues, OptionsByName } from './command.js';
import { commandHelp, generalHelp } from './command.help.js';
import { inCommandLineWords } from './command.words.js';
import { doctorCommand } from './doctor.command.js';
import { EXIT_CODES } from './exit.codes.js';
import type { ExitCode } from './exit.codes.js';
import { packageVersion } from './package.version.js';
import { publishCommand } from './publish.command.js';
import type { Environment } from './server.access.js';
import { SERVER_OPTIONS, readServerAccess } from './server.access.js';
import { tailCommand } from './tail.command.js';
import type { Terminal } from './terminal.js';
import { watchCommand } from './watch.command.js';
import { UsageError } from './usage.error.js';

const COMMANDS: readonly Command[] = [tailCommand, publishCommand, watchCommand, doctorCommand];

const GENERAL_OPTIONS: OptionsByName = {
  json: { type: 'boolean', text: 'Write JSON, one object a line.' },
  help: { type: 'boolean', text: 'Show this help.' },
};

/** @param args without the path of Node and of the script */
export async function runCommandLine(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<ExitCode> {
  try {
    const code = await run(args, env, terminal);
    if (terminal.failure !== undefined) throw new Error(`Cannot write: ${terminal.failure.message}.`);
    return code;
  } catch (error) {
    const { message } = error as Error;
    terminal.note(inCommandLineWords(message));
    return error instanceof UsageError ? EXIT_CODES.usage : EXIT_CODES.failure;
  }
}

async function run(args: readonly string[], env: Environment, terminal: Terminal): Promise<ExitCode> {
  const [name, ...rest] = args;
  if (name === '--version') {
    terminal.print(packageVersion());
    return EXIT_CODES.success;
  }
  if (name === '--help' || name === 'help') {
    terminal.show(generalHelp(COMMANDS));
    return EXIT_CODES.success;
  }
  const command = COMMANDS.find((one) => one.name === name);
  // What stands in its place may be a secret.
  if (command === undefined) {
    const names = COMMANDS.map((one) => one.name).join(', ');
    throw new UsageError(
      `${name === undefined ? 'No command' : 'Unknown command'}: write one of ${names} first, or --help.`,
    );
  }
  const { values, positionals } = parsed(command, rest);
  if (values['help'] === true) {
    terminal.show(commandHelp(command, optionsOf(command)));
    return EXIT_CODES.success;
  }
  const server = readServerAccess(values, env);
  return command.run({ values, args: positionals, server, terminal });
}

function optionsOf(command: Command): OptionsByName {
  return { ...command.options, ...GENERAL_OPTIONS, ...SERVER_OPTIONS };
}

/** @throws UsageError */
function parsed(command: Command, args: string[]): { values: OptionValues; positionals: readonly string[] } {
  const options = optionsOf(command);
  const read = Object.entries(options).map(([name, option]) => [name, parsedAs(option)]);
  try {
    const { values, positionals } = parseArgs({
      args,
      options: Object.fromEntries(read) as Record<string, ReturnType<typeof parsedAs>>,
      allowPositionals: true,
    });
    return { values: values as OptionValues, positionals };
  } catch (error) {
    throw new UsageError(`${optionProblem(error as Error, options)} See ${command.name} --help.`);
  }
}

function parsedAs({ type, multiple }: CommandOption) {
  return { type, multiple: multiple === true };
}

/** Node's texts have several lines, and advice that is not meant for these options. */
function optionProblem({ message }: Error, options: OptionsByName): string {
  // Never the value: it may be a password.
  const [, written = ''] = /'-{0,2}([\w-]+)/.exec(message) ?? [];
  if (/^(pass|password|pw|a)$/.test(written)) {
    return `--${written} is not an option, since others can read command lines: set REDIS_PASSWORD.`;
  }
  const option = options[written];
  if (option === undefined) {
    return `--${written} is not an option. Known options: ${Object.keys(options)
      .map((name) => `--${name}`)
      .join(', ')}.`;
  }
  return option.type === 'boolean'
    ? `--${written} takes no value. Write --${written} alone.`
    : `--${written} needs a value. Write --${written} ${option.value ?? '<value>'}.`;
}
