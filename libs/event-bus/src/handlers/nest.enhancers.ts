import type { CanActivate, NestInterceptor, PipeTransform, Type } from '@nestjs/common';
import type { ContextId } from '@nestjs/core';
import type { DeclaredArguments } from './declared.arguments.js';
import type { BoundFilter, NestInternals } from './nest.internals.js';
import {
  EXCEPTION_FILTERS_METADATA,
  ExecutionContextHost,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
} from './nest.internals.js';

/** Everything bound to one handler method: globally, on its class and on the method, in Nest's order. */
export interface Enhancers {
  readonly guards: CanActivate[];
  /** The globally bound guards among them. */
  readonly globalGuards: ReadonlySet<unknown>;
  readonly interceptors: NestInterceptor[];
  readonly pipes: PipeTransform[];
  /** The most specific first. */
  readonly filters: readonly BoundFilter[];
}

/** The keys of the metadata that bind enhancers to a class or a method. */
export const ENHANCER_KEYS = [
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
  EXCEPTION_FILTERS_METADATA,
] as const;

export type HandlerMethod = (...args: unknown[]) => unknown;

/** The method to inspect, and its host: enhancers are resolved in the host's module. */
export interface EnhancerHost {
  readonly instance: object;
  readonly methodName: string;
  /** The method as on the prototype, where enhancers leave their metadata. */
  readonly method: HandlerMethod;
  /** The metadata of the method's parameter decorators. */
  readonly declared: DeclaredArguments;
  readonly moduleKey: string;
  readonly contextId: ContextId;
  /** The host's own id: a transient enhancer has one instance per host. Undefined: only enhancers that need no host. */
  readonly inquirerId: string | undefined;
}

/** As much of a host as Nest asks for. */
type EnhancerPlace = Omit<EnhancerHost, 'methodName' | 'declared'>;

/** Finds what is bound to a method with Nest's own creators, so that everything that Nest supports is supported here. */
export function findEnhancers(nest: NestInternals, host: EnhancerPlace): Enhancers {
  const { instance, method, moduleKey, contextId, inquirerId } = host;
  return {
    guards: nest.guardsContextCreator.create(instance, method, moduleKey, contextId, inquirerId),
    globalGuards: new Set(nest.guardsContextCreator.getGlobalMetadata<unknown[]>(contextId, inquirerId)),
    interceptors: nest.interceptorsContextCreator.create(instance, method, moduleKey, contextId, inquirerId),
    pipes: nest.pipesContextCreator.create(instance, method, moduleKey, contextId, inquirerId),
    filters: findFilters(nest, host),
  };
}

/** What is bound globally and to the class of a host, and so to all its methods. */
export function findSharedEnhancers(
  nest: NestInternals,
  host: Pick<EnhancerHost, 'instance' | 'moduleKey' | 'contextId' | 'inquirerId'>,
): Enhancers {
  return findEnhancers(nest, { ...host, method: undecorated });
}

function undecorated(): void {}

export function findFilters(nest: NestInternals, host: EnhancerPlace): readonly BoundFilter[] {
  const { instance, method, moduleKey, contextId, inquirerId } = host;
  return nest.filtersContextCreator.create(instance, method, moduleKey, contextId, inquirerId).filters ?? [];
}

/** The ExecutionContext of guards, interceptors and filters: an RPC call of the method. */
export function rpcContext(
  { instance, method }: Pick<EnhancerHost, 'instance' | 'method'>,
  args: unknown[],
): ExecutionContextHost {
  const context = new ExecutionContextHost(args, instance.constructor as Type, method);
  context.setType('rpc');
  return context;
}

/**
 * Calls the method by its name, so that the instance's own version runs if it has one: bound in the constructor, wrapped by a
 * proxy, or spied on in a test.
 */
export function callMethod(
  { instance, methodName }: Pick<EnhancerHost, 'instance' | 'methodName'>,
  args: readonly unknown[],
): unknown {
  return ((instance as Record<string, HandlerMethod>)[methodName] as HandlerMethod)(...args);
}
