import type { ModulesContainer } from '@nestjs/core';
import type { EventHandler } from '../dispatching/event.handler.js';
import type { HandlerSettings } from '../dispatching/handler.options.js';
import { resolveHandlerSettings } from '../dispatching/handler.options.js';
import { DEFAULT_BUS } from '../module/event-bus.constants.js';
import { orderTargets } from '../routing/handler-target.js';
import { declaredArguments } from './declared.arguments.js';
import type { ExploredBus } from './explored.bus.js';
import { channelsOf, keyEventFilter, keyEventProblems } from '../keyspace/key-event.declaration.js';
import type { GapHandler } from './gap.handlers.js';
import type { HandlerCall } from './handler.pipeline.js';
import { composeCall } from './handler.pipeline.js';
import type { GroupMembers, HandlerDeclaration } from './handler.problems.js';
import { gapProblems, groupProblems, handlerProblems } from './handler.problems.js';
import type { DecoratedMethod } from './method.finder.js';
import { MethodFinder } from './method.finder.js';
import { callMethod, findEnhancers } from './nest.enhancers.js';
import type { InstanceWrapper, Module, NestInternals } from './nest.internals.js';
import { Injector, STATIC_CONTEXT } from './nest.internals.js';
import type { OnEventMetadata } from './on-event.decorator.js';
import { areWithoutOptions, mergedOptions, targetsOf } from './on-event.decorator.js';
import { hasEventEmitter } from './event-emitter.module.js';
import { isObject } from '../option.checks.js';
import { EventBusCopies } from '../module/event-bus.copies.js';
import { composeScopedCall } from './scoped.invoker.js';
import { restOf, settle } from './settle.js';

export interface ExploredHandlers {
  readonly handlers: readonly EventHandler[];
  readonly gapHandlers: readonly GapHandler[];
  /** All problems with decorators in the application, each with what to write instead. */
  readonly problems: readonly string[];
  /** Methods that listen to an event emitter which the application does not have. */
  readonly unheard: readonly string[];
}

/** Finds every `@OnEvent`, `@OnKeyEvent` and `@OnGap` method of the application that belongs to one bus. */
export class HandlerExplorer {
  private readonly finder = new MethodFinder();
  private readonly injector: Injector;
  /** Found by an earlier {@link explore}: the instances, or the wrappers of request-scoped ones. */
  private readonly known = new Set<object>();
  private readonly knownPrototypes = new Set<object>();
  private readonly groups: GroupMembers = new Map();
  private readonly emitterListeners = new Set<string>();

  constructor(
    private readonly modules: ModulesContainer,
    private readonly nest: NestInternals,
  ) {
    const { instrument } = nest.container.contextOptions ?? {};
    this.injector = new Injector({ preview: false, instanceDecorator: instrument?.instanceDecorator });
  }

  /**
   * `knownBuses` are the names of all buses of the application. `problems` are those of all buses: the first bus that starts
   * fails the application, and should report everything at once. A later call finds only what was added since.
   */
  explore(
    bus: ExploredBus,
    knownBuses: readonly string[],
    isComplete: (moduleRef: Module) => boolean = () => true,
  ): ExploredHandlers {
    const found = new Set<object>();
    const methods = this.methods(found, isComplete);
    const candidates = this.declarationsAmong(methods, bus);
    const problems = this.unservedProblems(methods);
    for (const candidate of candidates) {
      for (const problem of handlerProblems(this.nest, candidate, bus, knownBuses))
        problems.push(`${decoratorsOf(candidate)} on ${candidate.decorated.name}: ${problem}`);
    }
    problems.push(...groupProblems(candidates, this.groups));
    for (const method of methods) {
      for (const problem of gapProblems(method, knownBuses))
        problems.push(`@OnGap on ${method.name}: ${problem}`);
    }
    for (const identity of found) this.known.add(identity);
    for (const { host } of methods) this.knownPrototypes.add(host.prototype);
    const unheard = hasEventEmitter(this.modules) ? [] : [...this.emitterListeners];
    this.emitterListeners.clear();
    if (problems.length > 0) return { handlers: [], gapHandlers: [], problems, unheard };
    const handlers = candidates
      .filter(({ own }) => own.length > 0)
      .map((candidate) => this.toHandler(candidate, bus));
    const gapHandlers = methods
      .filter(({ onGap }) => onGap?.some((options) => isOf(bus, options)))
      .map(toGapHandler);
    return { handlers, gapHandlers, problems, unheard };
  }

  /**
   * Decorated methods that would never be called: decorated by another copy of this package, or in a class that is no provider.
   */
  private unservedProblems(methods: readonly DecoratedMethod[]): string[] {
    const copies = new EventBusCopies(this.modules);
    const strange: string[] = [];
    const served = new Set(this.knownPrototypes);
    for (const { name, host, strangeVersions } of methods) {
      served.add(host.prototype);
      const problem = copies.problemOf(strangeVersions);
      if (problem !== undefined) strange.push(`${name}: ${problem}`);
    }
    const enhancers = new Map<object, string>();
    for (const [moduleKey, moduleRef] of this.modules) {
      for (const wrapper of moduleRef.injectables.values()) {
        const place = { wrapper, moduleRef, moduleKey, isController: false };
        for (const { host, name } of this.finder.methodsOf(place, this.emitterListeners)) {
          if (!served.has(host.prototype)) enhancers.set(host.prototype, name);
        }
      }
    }
    const unlisted = [...enhancers.values()].map(
      (name) =>
        `${name}: Nest creates its class only for @UseGuards, @UsePipes, @UseInterceptors or @UseFilters, so no bus calls it. List the class among the providers of its module.`,
    );
    return [...copies.problems(), ...strange, ...unlisted];
  }

  /** The methods of instances that are not known yet. Adds these to `found`. */
  private methods(found: Set<object>, isComplete: (moduleRef: Module) => boolean): DecoratedMethod[] {
    const methods: DecoratedMethod[] = [];
    for (const [moduleKey, moduleRef] of this.modules) {
      if (!isComplete(moduleRef)) continue;
      const controllers: InstanceWrapper[] = [...moduleRef.controllers.values()];
      const controllerClasses = new Set(controllers.map((wrapper) => wrapper.metatype));
      // A controller that is also listed as a provider has a second instance; its handlers run once, on this one.
      const providers = [...moduleRef.providers.values()].filter(
        (wrapper) => !wrapper.isAlias && !controllerClasses.has(wrapper.metatype),
      );
      for (const wrapper of [...controllers, ...providers]) {
        // The same instance under a second token (useValue, useFactory) is the same handler.
        const identity: unknown = wrapper.isDependencyTreeStatic() ? wrapper.instance : wrapper;
        if (!isObject(identity) || found.has(identity) || this.known.has(identity)) continue;
        found.add(identity);
        const isController = controllers.includes(wrapper);
        const place = { wrapper, moduleRef, moduleKey, isController };
        for (const method of this.finder.methodsOf(place, this.emitterListeners)) methods.push(method);
      }
    }
    return methods;
  }

  /** Of methods that are handlers, of this bus or of another one. */
  private declarationsAmong(methods: readonly DecoratedMethod[], bus: ExploredBus): HandlerDeclaration[] {
    const usual = resolveHandlerSettings({}, bus.handlerDefaults);
    const declarations: HandlerDeclaration[] = [];
    for (const decorated of methods) {
      const { onEvent, host, methodName } = decorated;
      if (onEvent === undefined) continue;
      const metadata = onEvent.map((one) => withChannels(one, bus.database));
      const own = metadata.filter(({ options }) => isOf(bus, options));
      const settings = areWithoutOptions(own) ? usual : settingsOf(own, bus);
      const declared = declaredArguments(this.nest, host.bare, methodName);
      declarations.push({ decorated, metadata, own, settings, declared });
    }
    return declarations;
  }

  private toHandler(candidate: HandlerDeclaration, { prefix, database }: ExploredBus): EventHandler {
    const { decorated, own, settings } = candidate;
    const { name } = decorated;
    const targets = orderTargets(targetsOf(own, prefix));
    const invoke = this.composeCall(candidate);
    const keyEvents = own.flatMap((one) => one.keyEvents ?? []);
    if (keyEvents.length === 0) return { name, targets, settings, invoke, restOf };
    const acceptsOfBroker = keyEventFilter(keyEvents, database);
    // Key events have no id, so groups cannot claim them.
    return { name, targets, settings: { ...settings, group: false }, acceptsOfBroker, invoke, restOf };
  }

  private composeCall(candidate: HandlerDeclaration): HandlerCall {
    const { decorated, declared } = candidate;
    const { host, methodName, method, enhancerKeys } = decorated;
    const { wrapper, moduleKey } = host;
    if (host.scopedGlobals.length > 0 || !wrapper.isDependencyTreeStatic()) {
      return composeScopedCall(this.nest, this.injector, candidate);
    }
    const instance = wrapper.instance as object;
    const inquirerId = wrapper.id;
    const contextId = STATIC_CONTEXT;
    const called = { instance, methodName, method, declared, moduleKey, contextId, inquirerId };
    // A class may have hundreds of methods, of which few have enhancers of their own.
    const isShared = enhancerKeys.length === 0;
    const enhancers = isShared ? host.sharedEnhancers(this.nest) : findEnhancers(this.nest, called);
    return composeCall(this.nest, called, enhancers);
  }
}

function settingsOf(own: readonly OnEventMetadata[], { handlerDefaults }: ExploredBus): HandlerSettings {
  return resolveHandlerSettings(mergedOptions(own), handlerDefaults);
}

function isOf({ name }: ExploredBus, { bus }: { readonly bus?: string | undefined }): boolean {
  return (bus ?? DEFAULT_BUS) === name;
}

/** The channels of key events depend on the database of the bus. */
function withChannels(metadata: OnEventMetadata, database: number): OnEventMetadata {
  const { keyEvents } = metadata;
  if (keyEvents === undefined || keyEventProblems(keyEvents).length > 0) return metadata;
  return { ...metadata, targets: channelsOf(keyEvents, database) };
}

function decoratorsOf({ metadata }: HandlerDeclaration): string {
  return metadata.every(({ keyEvents }) => keyEvents !== undefined) ? '@OnKeyEvent' : '@OnEvent';
}

function toGapHandler({ name, host, methodName }: DecoratedMethod): GapHandler {
  const called = { instance: host.wrapper.instance as object, methodName };
  return { name, call: (gap) => settle(callMethod(called, [gap])) };
}
