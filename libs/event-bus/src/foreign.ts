import { types } from 'node:util';
import { cut, printable } from './printable.js';

/*
 * Code that is not ours may throw, reject with and return anything: null, a symbol, a revoked proxy, whose `instanceof`
 * throws, an object without a prototype, or one whose `message`, `stack` or `then` is a getter that throws. Nothing here
 * throws, whatever it is given, unless it says so.
 */

/** How long a text may be before it is looked at: somebody may throw a megabyte. */
const MAX_TEXT_LENGTH = 8_192;
const MAX_REASON_LENGTH = 256;
const MAX_ITEMS = 20;
/** An AggregateError may hold itself. */
const MAX_DEPTH = 5;

/** What can be told of anything that was thrown. */
export interface ThrownDescription {
  /** Its own name, or that of its class. Undefined where it is no error. */
  readonly name: string | undefined;
  readonly message: string;
  readonly code: string | undefined;
}

/** `value instanceof type`. */
export function isA<T>(value: unknown, type: abstract new (...args: never[]) => T): value is T {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

/** Also of another realm, as those of Node are in Jest. */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || isA(value, Error);
}

export function describeThrown(thrown: unknown): ThrownDescription {
  if (!isError(thrown)) return { name: undefined, message: textOf(thrown), code: undefined };
  const code = propertyOf(thrown, 'code');
  return {
    name: nameOf(thrown),
    message: textOf(propertyOf(thrown, 'message')),
    code: typeof code === 'string' ? cut(code, MAX_REASON_LENGTH) : undefined,
  };
}

/** The message of whatever was thrown, on one line and cut at 256 characters. */
export function reasonOf(thrown: unknown): string {
  const line = lineOf(causeOf(thrown)).replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '');
  return cut(printable(line), MAX_REASON_LENGTH);
}

/** The frames of its stack, one a line, without the message, which may look like some. Undefined where there are none. */
export function framesOf(thrown: unknown): string | undefined {
  const stack = propertyOf(thrown, 'stack');
  if (typeof stack !== 'string') return undefined;
  const message = propertyOf(thrown, 'message');
  const frames = behindMessage(stack, message)
    .slice(0, MAX_TEXT_LENGTH)
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map(printable);
  return frames.length > 0 ? frames.join('\n') : undefined;
}

/** What `String()` makes of it, cut. */
export function textOf(value: unknown): string {
  try {
    const shown: unknown = Array.isArray(value) ? value.slice(0, MAX_ITEMS).map(textOf).join(', ') : value;
    return cut(String(shown), MAX_TEXT_LENGTH);
  } catch {
    return `${typeof value === 'object' ? 'an object' : `a ${typeof value}`} that has no text`;
  }
}

/** Undefined where it has none, or does not let it be read. */
export function propertyOf(value: unknown, name: PropertyKey): unknown {
  try {
    return (value as Record<PropertyKey, unknown> | null | undefined)?.[name];
  } catch {
    return undefined;
  }
}

/** Whether it has a `then`. @throws what a getter of that name throws */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as PromiseLike<unknown>).then === 'function'
  );
}

/** As `await` takes it, as a promise of the language, whose `then` is what it should be. */
export function toPromise<T>(value: T | PromiseLike<T>): Promise<T> {
  return new Promise((resolve) => {
    resolve(value);
  });
}

/** Of a value that nobody awaits: should it be a promise, its rejection ends no process. */
export function ignoreRejection(value: unknown): void {
  if ((typeof value === 'object' || typeof value === 'function') && value !== null)
    toPromise(value).catch(() => undefined);
}

function causeOf(thrown: unknown): unknown {
  let cause = thrown;
  for (let depth = 0; depth < MAX_DEPTH && isA(cause, AggregateError); depth += 1) {
    if (propertyOf(cause, 'message') !== '') break;
    cause = propertyOf(propertyOf(cause, 'errors'), 0);
  }
  return cause;
}

function lineOf(thrown: unknown): string {
  const { name, message } = describeThrown(thrown);
  return message === '' && name !== undefined ? name : message;
}

/** Many errors set no name of their own: their class says more than `Error`. */
function nameOf(error: Error): string {
  const name = propertyOf(error, 'name');
  const shown = name === 'Error' ? propertyOf(propertyOf(error, 'constructor'), 'name') : name;
  return typeof shown === 'string' && shown !== '' ? cut(shown, MAX_REASON_LENGTH) : 'Error';
}

/** Where the message was changed since, as many lines are frames at most as the engine takes. */
function behindMessage(stack: string, message: unknown): string {
  if (typeof message === 'string') {
    const at = stack.indexOf(message);
    if (at >= 0) return stack.slice(at + message.length);
  }
  return stack.split('\n').slice(-Error.stackTraceLimit).join('\n');
}
