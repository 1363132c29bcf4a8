import { BadRequestException, HttpException } from '@nestjs/common';
import { untyped } from './untyped.js';

/** Something that no handler should throw or return, and that some do. */
export interface Oddity {
  readonly name: string;
  /** A new one each time. */
  readonly make: () => unknown;
}

const fail = (): never => {
  throw new Error('a getter that throws');
};
const withGetter = (error: Error, property: string) =>
  Object.defineProperty(error, property, { get: fail, configurable: true });
const bare = (): object => Object.assign(Object.create(null) as object, { id: '1' });

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function circular(): Error {
  const error: Error & { self?: unknown } = new Error('circular');
  error.self = error;
  error.cause = error;
  return error;
}

function selfAggregate(): AggregateError {
  const error = new AggregateError([], '');
  error.errors.push(error);
  return error;
}

export const ODDITIES: readonly Oddity[] = [
  { name: 'null', make: () => null },
  { name: 'undefined', make: () => undefined },
  { name: 'a symbol', make: () => Symbol('odd') },
  { name: 'a function', make: () => () => 'odd' },
  { name: 'a revoked proxy', make: revoked },
  { name: 'an object without a prototype', make: bare },
  { name: 'an array of them', make: () => [bare(), bare()] },
  { name: 'an array of a revoked proxy', make: () => [revoked()] },
  { name: 'a proxy whose traps throw', make: () => new Proxy({}, { get: fail, getPrototypeOf: fail }) },
  { name: 'an error whose name throws', make: () => withGetter(new Error('odd'), 'name') },
  { name: 'an error whose message throws', make: () => withGetter(new Error('odd'), 'message') },
  { name: 'an error whose stack throws', make: () => withGetter(new Error('odd'), 'stack') },
  { name: 'an error whose code throws', make: () => withGetter(new Error('odd'), 'code') },
  { name: 'an error whose constructor throws', make: () => withGetter(new Error('odd'), 'constructor') },
  { name: 'an error whose toString throws', make: () => Object.assign(new Error('odd'), { toString: fail }) },
  {
    name: 'an error whose message is an object',
    make: () => Object.assign(new Error(), { message: bare() }),
  },
  {
    name: 'an error whose message is a symbol',
    make: () => Object.assign(new Error(), { message: Symbol() }),
  },
  { name: 'an object whose toString throws', make: () => ({ toString: fail }) },
  { name: 'an object whose toPrimitive throws', make: () => ({ [Symbol.toPrimitive]: fail }) },
  { name: 'an error whose then throws', make: () => withGetter(new Error('odd'), 'then') },
  { name: 'BadRequestException([metadata])', make: () => new BadRequestException([bare()]) },
  { name: 'HttpException(undefined)', make: () => new HttpException(untyped(undefined), 400) },
  {
    name: 'an HttpException whose response throws',
    make: () => withGetter(new HttpException('odd', 400), 'response'),
  },
  { name: 'an error that holds itself', make: circular },
  { name: 'an AggregateError of itself', make: selfAggregate },
  { name: 'a message of a megabyte', make: () => new Error('x'.repeat(1024 * 1024)) },
];

/** How a handler comes up with one. */
export const WAYS: readonly { readonly name: string; readonly do: (oddity: Oddity) => unknown }[] = [
  {
    name: 'throws',
    do: ({ make }) => {
      throw make();
    },
  },
  { name: 'rejects with', do: async ({ make }) => Promise.reject(make()) },
  { name: 'returns', do: ({ make }) => make() },
];
