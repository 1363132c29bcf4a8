import { MetadataScanner } from '@nestjs/core';
import { isObject } from '../option.checks.js';
import { strangeVersionsAmong } from '../module/event-bus.copies.js';
import { EVENT_LISTENER_METADATA } from './event-emitter.module.js';
import type { HostPlace } from './handler.host.js';
import { HandlerHost } from './handler.host.js';
import type { HandlerMethod } from './nest.enhancers.js';
import { ENHANCER_KEYS } from './nest.enhancers.js';
import type { InstanceWrapper } from './nest.internals.js';
import type { OnEventMetadata } from './on-event.decorator.js';
import { ON_EVENT, onEventMetadata } from './on-event.decorator.js';
import type { OnGapOptions } from './on-gap.decorator.js';
import { ON_GAP, onGapMetadata } from './on-gap.decorator.js';

/** A method of a provider or controller that has a decorator of this package, with all that its own metadata says. */
export interface DecoratedMethod {
  /** `OrderNotifier.notify`. */
  readonly name: string;
  readonly host: HandlerHost;
  readonly methodName: string;
  readonly method: HandlerMethod;
  /** The keys of the enhancers that are bound to the method itself. */
  readonly enhancerKeys: readonly string[];
  readonly onEvent: readonly OnEventMetadata[] | undefined;
  readonly onGap: readonly OnGapOptions[] | undefined;
  /** The versions of incompatible copies of this package that decorated it too. */
  readonly strangeVersions: readonly string[];
}

/** Finds decorated methods. Reflection is slow, so that each method is asked for its keys, and then for nothing that it does not have. */
export class MethodFinder {
  private readonly scanner = new MetadataScanner();

  /** @param emitterListeners gets the names of methods that listen to an event emitter */
  methodsOf(place: HostPlace, emitterListeners: Set<string>): readonly DecoratedMethod[] {
    const prototype = prototypeOf(place.wrapper);
    if (!isObject(prototype)) return [];
    const methods: DecoratedMethod[] = [];
    let host: HandlerHost | undefined;
    for (const methodName of this.scanner.getAllMethodNames(prototype)) {
      const method = (prototype as Record<string, HandlerMethod>)[methodName] as HandlerMethod;
      const keys: readonly unknown[] = Reflect.getMetadataKeys(method);
      // Most methods have no decorator.
      if (keys.length === 0) continue;
      host ??= new HandlerHost(place, prototype);
      const name = `${host.className}.${methodName}`;
      if (keys.includes(EVENT_LISTENER_METADATA)) emitterListeners.add(name);
      const onEvent = keys.includes(ON_EVENT) ? onEventMetadata(method) : undefined;
      const onGap = keys.includes(ON_GAP) ? onGapMetadata(method) : undefined;
      const strangeVersions = strangeVersionsAmong(keys);
      if (onEvent === undefined && onGap === undefined && strangeVersions.length === 0) continue;
      const enhancerKeys = ENHANCER_KEYS.filter((key) => keys.includes(key));
      methods.push({ name, host, methodName, method, enhancerKeys, onEvent, onGap, strangeVersions });
    }
    return methods;
  }
}

/** Undefined if there is nothing to explore: a primitive, a function, or a factory that has not run yet. */
function prototypeOf({ instance, isNotMetatype, token }: InstanceWrapper): unknown {
  if (isObject(instance)) return Object.getPrototypeOf(instance);
  // A request-scoped factory creates its instance per event; its token is the class that it creates.
  return isNotMetatype && typeof token === 'function' ? token.prototype : undefined;
}
