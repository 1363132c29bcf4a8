import type { PipeTransform, Type } from '@nestjs/common';
import type { Controller, NestInternals } from './nest.internals.js';
import { ROUTE_ARGS_METADATA } from './nest.internals.js';

/** One argument in the metadata of Nest's decorators: its key is `type:index`; custom decorators have a factory. */
export interface DeclaredArgument {
  readonly index: number;
  readonly data?: unknown;
  readonly pipes?: readonly (PipeTransform | Type<PipeTransform>)[];
  readonly schema?: unknown;
  readonly factory?: (data: unknown, context: unknown) => unknown;
}

export type DeclaredArguments = Readonly<Record<string, DeclaredArgument>>;

const NONE: DeclaredArguments = {};

/** The metadata of a method's parameter decorators. Empty if there are none. */
export function declaredArguments(
  { contextUtils }: NestInternals,
  instance: object,
  methodName: string,
): DeclaredArguments {
  const declared = contextUtils.reflectCallbackMetadata<DeclaredArguments | undefined>(
    instance as Controller,
    methodName,
    ROUTE_ARGS_METADATA,
  );
  return declared ?? NONE;
}

export function areDeclared(declared: DeclaredArguments): boolean {
  return declared !== NONE && Object.keys(declared).length > 0;
}
