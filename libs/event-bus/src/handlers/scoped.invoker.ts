import type { ContextId } from '@nestjs/core';
import { ContextIdFactory } from '@nestjs/core';
import { propertyOf } from '../foreign.js';
import type { EventContext } from '../message/event-context.js';
import { HandlerFailure } from './handler.failure.js';
import { HandlerFilters } from './handler.filters.js';
import type { HandlerCall } from './handler.pipeline.js';
import { composeCall } from './handler.pipeline.js';
import type { HandlerDeclaration } from './handler.problems.js';
import { findEnhancers, findFilters } from './nest.enhancers.js';
import type { Injector, NestInternals } from './nest.internals.js';
import { settle } from './settle.js';
import { InstanceWrapper, REQUEST_CONTEXT_ID, STATIC_CONTEXT } from './nest.internals.js';

/**
 * A handler that needs an instance per event (or per durable tree): of its own class, of a dependency, or of one of `globals`,
 * the request-scoped APP_GUARD and the like. The event is injected as REQUEST.
 */
export function composeScopedCall(
  nest: NestInternals,
  injector: Injector,
  { decorated: { host, methodName, method }, declared }: HandlerDeclaration,
): HandlerCall {
  const { wrapper, moduleRef, moduleKey, isController, scopedGlobals: globals } = host;
  const collection = isController ? moduleRef.controllers : moduleRef.providers;
  const place = { methodName, method, declared, moduleKey };
  const bare = { ...place, instance: host.bare };
  const isDurable = isDurableTree([wrapper, ...globals]);
  const holder = holderOf(globals);
  // If no instance could be created, filters that need none still get the error.
  const filters = new HandlerFilters(
    findFilters(nest, { ...bare, contextId: STATIC_CONTEXT, inquirerId: undefined }),
    bare,
  );

  return async (event) => {
    let call: HandlerCall;
    try {
      const contextId = contextIdOf(nest, event, isDurable);
      await injector.loadEnhancersPerContext(holder, contextId, wrapper);
      const instance = (await injector.loadPerContext(
        wrapper.instance as object,
        moduleRef,
        collection,
        contextId,
        wrapper,
      )) as object;
      const called = { ...place, instance, contextId, inquirerId: wrapper.id };
      call = composeCall(nest, called, findEnhancers(nest, called));
    } catch (error) {
      return filters.handle(new HandlerFailure('scope', error), [event.payload, event]);
    }
    await settle(call(event));
  };
}

/** Nest loads the enhancers of a wrapper. Nest 12 takes other wrappers as an argument, which Nest 11 ignores. */
function holderOf(enhancers: readonly InstanceWrapper[]): InstanceWrapper {
  const holder = new InstanceWrapper();
  for (const enhancer of enhancers) holder.addEnhancerMetadata(enhancer);
  return holder;
}

function isDurableTree(wrappers: readonly InstanceWrapper[]): boolean {
  const scoped = wrappers.filter((wrapper) => !wrapper.isDependencyTreeStatic());
  return scoped.length > 0 && scoped.every((wrapper) => wrapper.isDependencyTreeDurable());
}

/** As Nest does for messages: one context per event, or the durable tree that the application's strategy chooses. */
function contextIdOf(nest: NestInternals, event: EventContext, isDurable: boolean): ContextId {
  const contextId = ContextIdFactory.getByRequest(event);
  if (propertyOf(event, REQUEST_CONTEXT_ID) === undefined) {
    Object.defineProperty(event, REQUEST_CONTEXT_ID, { value: contextId });
    const payload: unknown = (contextId as { payload?: unknown }).payload;
    nest.registerRequestProvider(isDurable ? payload : Object.assign(event, payload), contextId);
  }
  return contextId;
}
