import { InvalidOptionError } from './errors.js';

/** The longest delay of a Node timer. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The problem with a value, as the rest of a sentence that begins with the option's name; undefined if there is none. */
export type OptionCheck = (value: unknown) => string | undefined;

/** An option that is an object of options. */
export interface OptionGroup {
  /** An example of one of them with a value, for the error message: `timeoutMs: 5000`. */
  readonly example: string;
  readonly options: OptionTable;
}

/** The check of each option, by name. An undefined option is not checked. */
export type OptionTable = Readonly<Record<string, OptionCheck | OptionGroup>>;

/** Formats the path of an option for messages. */
type NameOf = (path: readonly string[]) => string;

const dotted: NameOf = (path) => path.join('.');

/** As an argument of a function: `redis({ heartbeat: { intervalMs } })`. */
export function argumentOf(call: string): NameOf {
  return (path) =>
    `${call}(${path.reduceRight((inner, name) => `{ ${name}${inner === '' ? '' : `: ${inner}`} }`, '')})`;
}

/**
 * The problems with the options of the table, each with what to write instead. Checks no other options, except within groups.
 */
export function optionProblems(
  table: OptionTable,
  options: object,
  nameOf: NameOf = dotted,
  path: readonly string[] = [],
): string[] {
  const given = options as Readonly<Record<string, unknown>>;
  return Object.entries(table).flatMap(([name, check]) => {
    const value = given[name];
    if (value === undefined) return [];
    const own = [...path, name];
    if (typeof check === 'object') return groupProblems(check, value, nameOf, own);
    return said(nameOf(own), check(value));
  });
}

/** A subject with its problem; empty if there is none. */
export function said(about: string, problem: string | undefined): string[] {
  return problem === undefined ? [] : [`${about} ${problem}`];
}

/** For options that cannot be set here. */
export function refused(names: readonly string[], problem: string): OptionTable {
  return Object.fromEntries(names.map((name) => [name, () => problem]));
}

function groupProblems(
  { example, options }: OptionGroup,
  value: unknown,
  nameOf: NameOf,
  path: readonly string[],
): string[] {
  if (!isObject(value)) return [`${nameOf(path)} must be an object, e.g. ${path.at(-1)}: { ${example} }.`];
  return [
    ...optionProblems(options, value, nameOf, path),
    ...unknownOptions(Object.keys(options), value, nameOf, path),
  ];
}

/** A misspelt option would otherwise silently have no effect. */
export function unknownOptions(
  known: readonly string[],
  options: object,
  nameOf: NameOf = dotted,
  path: readonly string[] = [],
): string[] {
  return Object.keys(options)
    .filter((name) => !known.includes(name))
    .map((name) => `${nameOf([...path, name])} is not an option. Known options: ${known.join(', ')}.`);
}

/** @throws InvalidOptionError for the first problem, if there is one */
export function throwFirst(problems: readonly (string | undefined)[]): void {
  const [wrong] = problems;
  if (wrong === undefined) return;
  const [option = '', ...problem] = wrong.split(' ');
  throw new InvalidOptionError(option, problem.join(' '));
}

/** @throws InvalidOptionError for an invalid value of a call's argument */
export function checkOption(name: string, value: unknown, check: OptionCheck): void {
  const problem = check(value);
  if (problem !== undefined) throw new InvalidOptionError(name, problem);
}

export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): OptionCheck {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return fitting((value) => isWhole(value, min, max), `must be a whole number ${range}.`);
}

/** A time that a timer can wait for. */
export function milliseconds(min = 1): OptionCheck {
  return fitting(
    (value) => isWhole(value, min, MAX_TIMER_MS),
    `must be a whole number of milliseconds from ${min} to ${MAX_TIMER_MS}.`,
  );
}

/** @param choices two or more */
export function oneOf(...choices: readonly string[]): OptionCheck {
  const quoted = choices.map((choice) => `'${choice}'`);
  return fitting(
    (value) => choices.includes(value as string),
    `must be ${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}.`,
  );
}

export const trueOrFalse = fitting((value) => typeof value === 'boolean', 'must be true or false.');

export function fitting(fits: (value: unknown) => boolean, problem: string): OptionCheck {
  return (value) => (fits(value) ? undefined : problem);
}

/** Also accepts `false`, which turns the option off. */
export function orFalse(check: OptionCheck): OptionCheck {
  return (value) => (value === false ? undefined : check(value));
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isWhole(value: unknown, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}
