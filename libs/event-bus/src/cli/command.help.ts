import type { Command, OptionsByName } from './command.js';

const PROGRAM = 'nestjs-redis-event-bus';
const EXIT_CODE_HELP = 'Exit codes: 0 success, 1 failure, 2 wrong arguments.';

/** The text of `--help` without a command. */
export function generalHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return textOf([
    `Usage: ${PROGRAM} <command> [options]`,
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    `${PROGRAM} <command> --help shows its options; ${PROGRAM} --version shows the version.`,
    EXIT_CODE_HELP,
  ]);
}

/** The text of `--help` of one command. */
export function commandHelp({ name, args, help, examples }: Command, options: OptionsByName): string {
  const call = [PROGRAM, name, args].filter((part) => part !== '').join(' ');
  return textOf([
    `Usage: ${call} [options]`,
    '',
    ...help.flatMap((paragraph) => [paragraph, '']),
    ...examples.map((example) => `  ${PROGRAM} ${example}`),
    '',
    'Options:',
    ...optionLines(options),
    '',
    'Passwords are read from the environment, or from the URL: REDIS_URL, REDIS_USERNAME, REDIS_PASSWORD,',
    'REDIS_SENTINEL_USERNAME, REDIS_SENTINEL_PASSWORD, REDIS_KEY_PASSPHRASE.',
    '',
    EXIT_CODE_HELP,
  ]);
}

function optionLines(options: OptionsByName): string[] {
  const named = Object.entries(options).map(
    ([name, { value, text }]) => [value === undefined ? `--${name}` : `--${name} ${value}`, text] as const,
  );
  const width = Math.max(...named.map(([left]) => left.length));
  return named.map(([left, text]) => `  ${left.padEnd(width)}  ${text}`);
}

function textOf(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
