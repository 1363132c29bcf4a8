import type { PipeTransform } from '@nestjs/common';
import { isThenable, toPromise } from '../foreign.js';
import type { HandlerArgument, HandlerArguments } from './handler.arguments.js';

/** What a call did, besides what it threw. */
export interface PipeAttempt {
  /** The first refusal, boxed because any value may be thrown. Of the latest call, if an interceptor repeats it. */
  refused?: { readonly error: unknown } | undefined;
}

/** Computes the arguments of a method: extracts each one and passes it through its pipes. */
export class HandlerPipes {
  constructor(private readonly args: readonly HandlerArgument[]) {}

  /** Returns a promise only if a pipe, or the factory of a decorator, returns one. Arguments are processed concurrently. */
  valuesOf(args: HandlerArguments, attempt: PipeAttempt): unknown[] | Promise<unknown[]> {
    attempt.refused = undefined;
    const values: unknown[] = [];
    const pending: Promise<unknown>[] = [];
    try {
      for (const argument of this.args) {
        const value = transformed(argument, argument.extract(...args), attempt);
        if (!isThenable(value)) values[argument.index] = value;
        else pending.push(toPromise(value).then((settled) => (values[argument.index] = settled)));
      }
    } catch (error) {
      // The call fails with the first refusal; nothing else handles later rejections.
      for (const other of pending) other.catch(() => undefined);
      throw error;
    }
    return pending.length === 0 ? values : Promise.all(pending).then(() => values);
  }
}

function transformed(argument: HandlerArgument, value: unknown, attempt: PipeAttempt): unknown {
  const { pipes } = argument;
  if (pipes.length === 0) return value;
  return isThenable(value)
    ? toPromise(value).then((settled) => applyFrom(0, argument, settled, attempt))
    : applyFrom(0, argument, value, attempt);
}

/** Continues synchronously as long as pipes answer synchronously. */
function applyFrom(first: number, argument: HandlerArgument, input: unknown, attempt: PipeAttempt): unknown {
  const { pipes, metadata } = argument;
  let value = input;
  try {
    for (let index = first; index < pipes.length; index += 1) {
      // Each pipe gets its own copy, so that it cannot change the metadata of the next one.
      value = (pipes[index] as PipeTransform).transform(value, { ...metadata });
      if (!isThenable(value)) continue;
      return toPromise(value).then(
        (settled) => applyFrom(index + 1, argument, settled, attempt),
        (error: unknown) => refuse(error, attempt),
      );
    }
  } catch (error) {
    refuse(error, attempt);
  }
  return value;
}

/** Rethrown unchanged: an interceptor around the handler may handle it. */
function refuse(error: unknown, attempt: PipeAttempt): never {
  attempt.refused ??= { error };
  throw error;
}
