import type { ExceptionFilterMetadata as BoundFilter } from '@nestjs/common/interfaces/exceptions/exception-filter-metadata.interface.js';
import type { ContextId, NestContainer } from '@nestjs/core';
import type { GuardsContextCreator } from '@nestjs/core/guards/guards-context-creator.js';
import type { ContextUtils } from '@nestjs/core/helpers/context-utils.js';
import type { InterceptorsContextCreator } from '@nestjs/core/interceptors/interceptors-context-creator.js';
import type { PipesContextCreator } from '@nestjs/core/pipes/pipes-context-creator.js';
import { ConfigurationError } from '../errors.js';

// Imported from the declaring files: these paths are the same in Nest 11 and 12, but the `internal` entries are new in 12.
export {
  CUSTOM_ROUTE_ARGS_METADATA,
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
  ROUTE_ARGS_METADATA,
} from '@nestjs/common/constants.js';
export type { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
export type { Controller } from '@nestjs/common/interfaces/controllers/controller.interface.js';
export { selectExceptionFilterMetadata } from '@nestjs/common/utils/select-exception-filter-metadata.util.js';
export { MESSAGES } from '@nestjs/core/constants.js';
export { FORBIDDEN_MESSAGE } from '@nestjs/core/guards/constants.js';
export { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
export { STATIC_CONTEXT } from '@nestjs/core/injector/constants.js';
export { Injector } from '@nestjs/core/injector/injector.js';
export { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
export type { Module } from '@nestjs/core/injector/module.js';
export { ParamsTokenFactory } from '@nestjs/core/pipes/params-token-factory.js';
export { REQUEST_CONTEXT_ID } from '@nestjs/core/router/request/request-constants.js';

export type { BoundFilter };

/** The parts of Nest's ExternalContextCreator. */
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
 * The only place that uses Nest's internals. ExternalContextCreator could compose a whole call, but it looks for a host's
 * module among providers only, so it would skip the class-bound guards of a controller; it logs failures itself; and its pipes
 * do not apply to undecorated arguments. So its parts are composed here as `@EventPattern` does.
 *
 * @throws ConfigurationError when this version of Nest is not compatible.
 */
export function nestInternals(creator: object): NestInternals {
  const internals = creator as NestInternals;
  const missing = PARTS.filter((part) => typeof internals[part] !== 'object');
  if (missing.length > 0) {
    throw new ConfigurationError([
      `this version of @nestjs/core is not supported (ExternalContextCreator has no ${missing.join(', ')}). Update nestjs-redis-event-bus.`,
    ]);
  }
  return internals;
}
