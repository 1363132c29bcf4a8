import { types } from 'node:util';
import { cut, printable } from './printable.js';

/*
 * Foreign code may throw, reject with and return anything: null, a symbol, a revoked proxy, whose `instanceof` throws, an
 * object without a prototype, or one whose `message`, `stack` or `then` is a getter that throws. Functions here never throw,
 * whatever they get, unless their comment says so.
 */

/** Longer texts are cut before they are processed: an error message may have a megabyte. */
const MAX_TEXT_LENGTH = 8_192;
const MAX_REASON_LENGTH = 256;
const MAX_ITEMS = 20;
/** An AggregateError may contain itself. */
const MAX_DEPTH = 5;

/** What is known about a thrown value. */
export interface ThrownDescription {
  /** Its own name, or that of its class. Undefined if it is no error. */
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

/** Also true for errors of another realm, such as Node's own in Jest. */
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

/** The message of a thrown value, on one line and cut at 256 characters. */
export function reasonOf(thrown: unknown): string {
  const line = lineOf(causeOf(thrown)).replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '');
  return cut(printable(line), MAX_REASON_LENGTH);
}

/** The frames of its stack, one per line, without the message, which may look like frames. Undefined if there are none. */
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

/** The value as `String()` converts it, cut. */
export function textOf(value: unknown): string {
  try {
    const shown: unknown = Array.isArray(value) ? value.slice(0, MAX_ITEMS).map(textOf).join(', ') : value;
    return cut(String(shown), MAX_TEXT_LENGTH);
  } catch {
    return `${typeof value === 'object' ? 'an object' : `a ${typeof value}`} that has no text`;
  }
}

/** Undefined if it has none, or if reading it throws. */
export function propertyOf(value: unknown, name: PropertyKey): unknown {
  try {
    return (value as Record<PropertyKey, unknown> | null | undefined)?.[name];
  } catch {
    return undefined;
  }
}

/** Whether it has a `then`. @throws an error of a getter of that name */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as PromiseLike<unknown>).then === 'function'
  );
}

/** Converts it as `await` does, to a native promise, whose `then` can be trusted. */
export function toPromise<T>(value: T | PromiseLike<T>): Promise<T> {
  return new Promise((resolve) => {
    resolve(value);
  });
}

/** For a value that nothing awaits: if it is a promise, its rejection must not end the process. */
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

/** Many errors set no name: their class says more than `Error`. */
function nameOf(error: Error): string {
  const name = propertyOf(error, 'name');
  const shown = name === 'Error' ? propertyOf(propertyOf(error, 'constructor'), 'name') : name;
  return typeof shown === 'string' && shown !== '' ? cut(shown, MAX_REASON_LENGTH) : 'Error';
}

/** The text after the message. If the message was changed since, the last lines, as many as the engine captures frames. */
function behindMessage(stack: string, message: unknown): string {
  if (typeof message === 'string') {
    const at = stack.indexOf(message);
    if (at >= 0) return stack.slice(at + message.length);
  }
  return stack.split('\n').slice(-Error.stackTraceLimit).join('\n');
}
