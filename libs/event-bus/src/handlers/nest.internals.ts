import type { ExceptionFilter } from '@nestjs/common';
import type { ContextId, ExternalContextCreator, NestContainer } from '@nestjs/core';
import type {
  ContextUtils,
  GuardsContextCreator,
  InterceptorsContextCreator,
  PipesContextCreator,
} from '@nestjs/core/internal';
import { ConfigurationError } from '../errors.js';

export interface BoundFilter {
  readonly func: ExceptionFilter['catch'];
  readonly exceptionMetatypes: readonly unknown[];
}

/** The parts that Nest's ExternalContextCreator is made of. */
export interface NestInternals {
  readonly guardsContextCreator: GuardsContextCreator;
  readonly interceptorsContextCreator: InterceptorsContextCreator;
  readonly pipesContextCreator: PipesContextCreator;
  readonly filtersContextCreator: {
    create(
      instance: object,
      callback: unknown,
      moduleKey: string,
      contextId: ContextId,
      inquirerId: string | undefined,
    ): { readonly filters: readonly BoundFilter[] };
  };
  readonly contextUtils: ContextUtils;
  readonly container: NestContainer;
  registerRequestProvider(request: unknown, contextId: ContextId): void;
}

const PARTS = [
  'guardsContextCreator',
  'interceptorsContextCreator',
  'pipesContextCreator',
  'filtersContextCreator',
  'contextUtils',
  'container',
] as const;

/**
 * The one place that knows Nest's insides. ExternalContextCreator could compose a whole call, but it looks for
 * the module of a host among providers only, so that class-bound guards of a controller would be skipped; it
 * logs a failure by itself; and its pipes leave undecorated arguments alone. Hence we take its parts and
 * compose them as `@EventPattern` does.
 *
 * @throws ConfigurationError when this version of Nest is built differently.
 */
export function nestInternals(creator: ExternalContextCreator): NestInternals {
  const internals = creator as unknown as NestInternals;
  const missing = PARTS.filter((part) => typeof internals[part] !== 'object');
  if (missing.length > 0) {
    throw new ConfigurationError([
      `this version of @nestjs/core is not supported (ExternalContextCreator has no ${missing.join(', ')}). Update nestjs-redis-event-bus.`,
    ]);
  }
  return internals;
}
