import type { PipeTransform } from '@nestjs/common';
import { isThenable, toPromise } from '../foreign.js';
import type { HandlerArgument, HandlerArguments } from './handler.arguments.js';

/** What became of one call, beside what it threw. */
export interface PipeAttempt {
  /** The first refusal, boxed as anything may be thrown. Of the last call, where an interceptor repeats it. */
  refused?: { readonly error: unknown } | undefined;
}

/** Makes the values that a method is called with: each argument extracted, then through its pipes. */
export class HandlerPipes {
  constructor(private readonly args: readonly HandlerArgument[]) {}

  /** A promise only where a pipe, or the factory of a decorator, returns one. Arguments do not wait for each other. */
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
      // The call fails with the first refusal; nobody waits for the others.
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

/** Goes on in the same turn as long as pipes answer at once. */
function applyFrom(first: number, argument: HandlerArgument, input: unknown, attempt: PipeAttempt): unknown {
  const { pipes, metadata } = argument;
  let value = input;
  try {
    for (let index = first; index < pipes.length; index += 1) {
      // A copy of its own for each: what one pipe writes into it, no other reads.
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

/** Thrown on as it is: an interceptor around the handler may know what to do with it. */
function refuse(error: unknown, attempt: PipeAttempt): never {
  attempt.refused ??= { error };
  throw error;
}
