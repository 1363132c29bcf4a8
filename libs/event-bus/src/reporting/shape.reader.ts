import { isObject } from '../option.checks.js';

/** Copies what it knows of a parsed JSON value. @throws WrongShape */
export type ShapeReader<T> = (value: unknown) => T;

/** The value is not what its reader expects. */
export class WrongShape extends Error {}

/** A reader for each field; one that may be absent has a reader made by {@link maybe}. */
type Fields<T> = {
  readonly [Name in keyof T]-?: ShapeReader<object extends Pick<T, Name> ? T[Name] | undefined : T[Name]>;
};

export const anyNumber: ShapeReader<number> = (value) => {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new WrongShape();
};

/** A number of things, or of milliseconds. */
export const count: ShapeReader<number> = (value) => {
  if (anyNumber(value) >= 0) return value as number;
  throw new WrongShape();
};

export const flag: ShapeReader<boolean> = (value) => {
  if (typeof value === 'boolean') return value;
  throw new WrongShape();
};

export const text: ShapeReader<string> = (value) => {
  if (typeof value === 'string') return value;
  throw new WrongShape();
};

/** A text that is kept for long. */
export function shortText(maxLength: number): ShapeReader<string> {
  return (value) => {
    if (text(value).length <= maxLength) return value as string;
    throw new WrongShape();
  };
}

export function literal<const T extends string | number | boolean>(...values: readonly T[]): ShapeReader<T> {
  return (value) => {
    if (values.includes(value as T)) return value as T;
    throw new WrongShape();
  };
}

/** Reads nothing of a field that is absent. */
export function maybe<T>(read: ShapeReader<T>): ShapeReader<T | undefined> {
  return (value) => (value === undefined ? undefined : read(value));
}

export function list<T>(read: ShapeReader<T>): ShapeReader<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) throw new WrongShape();
    return value.map(read);
  };
}

/** Fields without a reader are left out: they may be of a later release. */
export function fields<T extends object>(readers: Fields<T>): ShapeReader<T> {
  const entries = Object.entries(readers) as [string, ShapeReader<unknown>][];
  return (value) => {
    if (!isObject(value) || Array.isArray(value)) throw new WrongShape();
    const read: Record<string, unknown> = {};
    for (const [name, reader] of entries) {
      const own = reader(Object.hasOwn(value, name) ? value[name] : undefined);
      if (own !== undefined) read[name] = own;
    }
    return read as T;
  };
}
