import { printable, quote } from '../printable.js';

/** How the lines of a bus are written: as texts, or as objects whose fields a log system can search. */
export type LogFormat = 'text' | 'fields';

/** A value, and how it is shown in a text. */
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

/** In one line; a gap after a lost connection has all of them. */
const MAX_NAMED = 5;

/** A name of ours, or a number with its limit: shown without quotes. */
export function bare(value: string): LogValue {
  return { value, shown: value };
}

/** A text that anybody may have written. */
export function quoted(value: string, maxLength?: number): LogValue {
  return { value, shown: quote(value, maxLength) };
}

/** `"a", "b" and 3 more`. */
export function listed(names: readonly string[]): LogValue {
  const named = names
    .slice(0, MAX_NAMED)
    .map((name) => quote(name))
    .join(', ');
  const rest = names.length - MAX_NAMED;
  return { value: names, shown: rest > 0 ? `${named} and ${rest} more` : named };
}

/** `sentence (name=value …). advice`, on one line. */
export function textOfLine({ sentence, fields, advice }: LogLine): string {
  const list = valuesIn(fields).map(([name, value]) => `${name}=${shownAs(value)}`);
  const said = list.length === 0 ? sentence : `${sentence} (${list.join(' ')})`;
  return printable(advice === undefined ? said : `${said}. ${advice}`);
}

/** `{ message, name: value, …, advice, bus }`. */
export function objectOfLine({ sentence, fields, advice }: LogLine, bus: string): Record<string, unknown> {
  const values = valuesIn(fields).map(([name, value]) => [
    name,
    typeof value === 'object' ? value.value : value,
  ]);
  const how = advice === undefined ? {} : { advice };
  return { message: sentence, ...Object.fromEntries(values), ...how, bus };
}

function valuesIn(fields: LogLine['fields']): [string, LogValue][] {
  return Object.entries(fields).filter((entry): entry is [string, LogValue] => entry[1] !== undefined);
}

function shownAs(value: LogValue): string {
  return typeof value === 'object' ? value.shown : String(value);
}
