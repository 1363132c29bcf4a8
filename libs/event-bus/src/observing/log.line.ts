import { cut, printable, quote } from '../printable.js';

/** How the lines of a bus are written: as texts, or as objects whose fields a log system can search. */
export type LogFormat = 'text' | 'fields';

/** A value, and its form in a text. */
interface ShownValue {
  readonly value: unknown;
  readonly shown: string;
}

export type LogValue = number | boolean | ShownValue;

/** One line of the log. */
export interface LogLine {
  /** A constant sentence. */
  readonly sentence: string;
  /** The values, by name. Those that are undefined are left out. */
  readonly fields: Readonly<Record<string, LogValue | undefined>>;
  /** What to do about it. */
  readonly advice?: string | undefined;
}

/** Limits of a list: a gap after a lost connection names all targets of the bus. */
const MAX_NAMED = 5;
const MAX_LISTED = 100;
/** The limit of a text without a limit of its own. */
const MAX_TEXT_LENGTH = 8_192;
/** {@link quote} cuts names to the same length. */
const MAX_NAME_LENGTH = 128;

/** A name from this package or the application's code, or a number with its limit: shown without quotes. */
export function bare(value: string): LogValue {
  return { value: safe(value, MAX_TEXT_LENGTH), shown: value };
}

/** A text of unknown origin: cut, and without characters that control a terminal. */
export function quoted(value: string, maxLength = MAX_NAME_LENGTH): LogValue {
  return { value: safe(value, Math.min(maxLength, MAX_TEXT_LENGTH)), shown: quote(value, maxLength) };
}

/** `"a", "b" and 3 more`. */
export function listed(names: readonly string[]): LogValue {
  const named = names
    .slice(0, MAX_NAMED)
    .map((name) => quote(name))
    .join(', ');
  const rest = names.length - MAX_NAMED;
  const value = names.slice(0, MAX_LISTED).map((name) => safe(name, MAX_NAME_LENGTH));
  return { value, shown: rest > 0 ? `${named} and ${rest} more` : named };
}

/** `sentence (name=value …). advice`, on one line. */
export function textOfLine({ sentence, fields, advice }: LogLine): string {
  const list = valuesIn(fields).map(([name, value]) => `${name}=${shownAs(value)}`);
  const said = list.length === 0 ? sentence : `${sentence} (${list.join(' ')})`;
  return printable(advice === undefined ? said : `${said}. ${advice}`);
}

/** `{ message, name: value, …, advice, bus }`. No value replaces the message or the bus. */
export function objectOfLine({ sentence, fields, advice }: LogLine, bus: string): Record<string, unknown> {
  const values = valuesIn(fields).map(([name, value]) => [
    name,
    typeof value === 'object' ? value.value : value,
  ]);
  const how = advice === undefined ? {} : { advice: safe(advice, MAX_TEXT_LENGTH) };
  const ours = { message: sentence, bus };
  return { ...ours, ...Object.fromEntries(values), ...how, ...ours };
}

function safe(text: string, maxLength: number): string {
  return printable(cut(text, maxLength));
}

function valuesIn(fields: LogLine['fields']): [string, LogValue][] {
  return Object.entries(fields).filter((entry): entry is [string, LogValue] => entry[1] !== undefined);
}

function shownAs(value: LogValue): string {
  return typeof value === 'object' ? value.shown : String(value);
}
