import { ApplicationConfig, MetadataScanner } from '@nestjs/core';
import type { ModulesContainer } from '@nestjs/core';
import type { EventHandler } from '../dispatching/event.handler.js';
import { resolveHandlerSettings } from '../dispatching/handler.options.js';
import { DEFAULT_BUS } from '../module/event-bus.constants.js';
import { orderTargets } from '../routing/handler-target.js';
import type { DecoratedMethod } from './decorated.method.js';
import type { ExploredBus } from './explored.bus.js';
import { channelsOf, keyEventFilter, keyEventProblems } from '../keyspace/key-event.declaration.js';
import type { GapHandler } from './gap.handlers.js';
import type { HandlerCall } from './handler.pipeline.js';
import { composeCall } from './handler.pipeline.js';
import type { GroupMembers, HandlerDeclaration } from './handler.problems.js';
import { gapProblems, groupProblems, handlerProblems } from './handler.problems.js';
import type { HandlerMethod } from './nest.enhancers.js';
import { callMethod } from './nest.enhancers.js';
import type { InstanceWrapper, Module, NestInternals } from './nest.internals.js';
import { Injector, STATIC_CONTEXT } from './nest.internals.js';
import type { OnEventMetadata } from './on-event.decorator.js';
import { mergedOptions, onEventMetadata, targetsOf } from './on-event.decorator.js';
import { onGapMetadata } from './on-gap.decorator.js';
import { EVENT_LISTENER_METADATA, hasEventEmitter } from './event-emitter.module.js';
import { EventBusCopies, strangeVersionsOn } from '../module/event-bus.copies.js';
import { composeScopedCall } from './scoped.invoker.js';
import { settle } from './settle.js';

type Place = Pick<DecoratedMethod, 'wrapper' | 'moduleRef' | 'moduleKey' | 'isController'>;

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
  private readonly scanner = new MetadataScanner();
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
    const methods = [...this.methods(found, isComplete)];
    const candidates = methods.flatMap((method) => declarationOf(method, bus) ?? []);
    const problems = [
      ...this.unservedProblems(methods),
      ...candidates.flatMap((candidate) =>
        handlerProblems(this.nest, candidate, bus, knownBuses).map(
          (problem) => `${decoratorsOf(candidate)} on ${candidate.name}: ${problem}`,
        ),
      ),
      ...groupProblems(candidates, this.groups),
      ...methods.flatMap((method) =>
        gapProblems(method, knownBuses).map((problem) => `@OnGap on ${method.name}: ${problem}`),
      ),
    ];
    for (const identity of found) this.known.add(identity);
    for (const { prototype } of methods) this.knownPrototypes.add(prototype);
    const unheard = hasEventEmitter(this.modules) ? [] : [...this.emitterListeners];
    this.emitterListeners.clear();
    if (problems.length > 0) return { handlers: [], gapHandlers: [], problems, unheard };
    const handlers = candidates
      .filter(({ own }) => own.length > 0)
      .map((candidate) => this.toHandler(candidate, bus));
    const gapHandlers = methods
      .filter(({ method }) => onGapMetadata(method)?.some((options) => isOf(bus, options)))
      .map(toGapHandler);
    return { handlers, gapHandlers, problems, unheard };
  }

  /**
   * Decorated methods that would never be called: decorated by another copy of this package, or in a class that is no provider.
   */
  private unservedProblems(methods: readonly DecoratedMethod[]): string[] {
    const copies = new EventBusCopies(this.modules);
    const strange = methods.flatMap(({ name, method }) => {
      const problem = copies.problemOf(method);
      return problem === undefined ? [] : [`${name}: ${problem}`];
    });
    const served = new Set([...this.knownPrototypes, ...methods.map(({ prototype }) => prototype)]);
    const enhancers = new Map<object, string>();
    for (const [moduleKey, moduleRef] of this.modules) {
      for (const wrapper of moduleRef.injectables.values()) {
        const place = { wrapper, moduleRef, moduleKey, isController: false };
        for (const { prototype, name } of this.decoratedMethods(place)) {
          if (!served.has(prototype)) enhancers.set(prototype, name);
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
  private *methods(
    found: Set<object>,
    isComplete: (moduleRef: Module) => boolean,
  ): Generator<DecoratedMethod> {
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
        yield* this.decoratedMethods({ wrapper, moduleRef, moduleKey, isController });
      }
    }
  }

  private *decoratedMethods(place: Place): Generator<DecoratedMethod> {
    const prototype = prototypeOf(place.wrapper);
    if (!isObject(prototype)) return;
    for (const methodName of this.scanner.getAllMethodNames(prototype)) {
      const method = (prototype as Record<string, HandlerMethod>)[methodName] as HandlerMethod;
      const keys: readonly unknown[] = Reflect.getMetadataKeys(method);
      // Most methods have no decorator.
      if (keys.length === 0) continue;
      const className = prototype.constructor?.name || String(place.wrapper.name);
      const name = `${className}.${methodName}`;
      if (keys.includes(EVENT_LISTENER_METADATA)) this.emitterListeners.add(name);
      if (isDecorated(method)) yield { ...place, name, prototype, methodName, method };
    }
  }

  private toHandler(candidate: HandlerDeclaration, { prefix, database }: ExploredBus): EventHandler {
    const { name, own, settings } = candidate;
    const keyEvents = own.flatMap((one) => one.keyEvents ?? []);
    return {
      name,
      targets: orderTargets(targetsOf(own, prefix)),
      // Key events have no id, so groups cannot claim them.
      settings: keyEvents.length === 0 ? settings : { ...settings, group: false },
      ...(keyEvents.length === 0 ? {} : { acceptsOfBroker: keyEventFilter(keyEvents, database) }),
      invoke: this.composeCall(candidate),
    };
  }

  private composeCall(candidate: DecoratedMethod): HandlerCall {
    const { wrapper, moduleRef, moduleKey, methodName, method } = candidate;
    const globals = scopedGlobals(
      moduleRef.getProviderByKey(ApplicationConfig).instance as ApplicationConfig,
    );
    if (globals.length > 0 || !wrapper.isDependencyTreeStatic()) {
      return composeScopedCall(this.nest, this.injector, candidate, globals);
    }
    const instance = wrapper.instance as object;
    const place = { instance, methodName, method, moduleKey };
    return composeCall(this.nest, { ...place, contextId: STATIC_CONTEXT, inquirerId: wrapper.id });
  }
}

function declarationOf(method: DecoratedMethod, bus: ExploredBus): HandlerDeclaration | undefined {
  const metadata = onEventMetadata(method.method)?.map((one) => withChannels(one, bus.database));
  if (metadata === undefined) return undefined;
  const own = metadata.filter(({ options }) => isOf(bus, options));
  return {
    ...method,
    metadata,
    own,
    settings: resolveHandlerSettings(mergedOptions(own), bus.handlerDefaults),
  };
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

function isDecorated(method: object): boolean {
  return (
    onEventMetadata(method) !== undefined ||
    onGapMetadata(method) !== undefined ||
    strangeVersionsOn(method).length > 0
  );
}

function toGapHandler({ name, wrapper, methodName }: DecoratedMethod): GapHandler {
  const host = { instance: wrapper.instance as object, methodName };
  return { name, call: (gap) => settle(callMethod(host, [gap])) };
}

/** Undefined if there is nothing to explore: a primitive, a function, or a factory that has not run yet. */
function prototypeOf({ instance, isNotMetatype, token }: InstanceWrapper): unknown {
  if (isObject(instance)) return Object.getPrototypeOf(instance);
  // A request-scoped factory creates its instance per event; its token is the class that it creates.
  return isNotMetatype && typeof token === 'function' ? token.prototype : undefined;
}

/** Scoped APP_GUARD and the like. Nest loads them for controllers only. */
function scopedGlobals(config: ApplicationConfig): InstanceWrapper[] {
  return [
    ...config.getGlobalRequestGuards(),
    ...config.getGlobalRequestInterceptors(),
    ...config.getGlobalRequestPipes(),
    ...config.getGlobalRequestFilters(),
  ];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
