import { ApplicationConfig, MetadataScanner } from '@nestjs/core';
import type { ModulesContainer } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/internal';
import { Injector, STATIC_CONTEXT } from '@nestjs/core/internal';
import type { EventHandler } from '../dispatching/event.handler.js';
import { DEFAULT_BUS } from '../event-bus.constants.js';
import { readTarget } from '../contracts/contract.target.js';
import type { ChannelPrefix } from '../routing/channel-prefix.js';
import { orderTargets } from '../routing/event-target.js';
import type { HandlerCall } from './handler.pipeline.js';
import { composeCall } from './handler.pipeline.js';
import type { HandlerDeclaration } from './handler.problems.js';
import { handlerProblems } from './handler.problems.js';
import type { HandlerMethod } from './nest.enhancers.js';
import type { NestInternals } from './nest.internals.js';
import type { OnEventMetadata } from './on-event.decorator.js';
import { onEventMetadata } from './on-event.decorator.js';
import type { ScopedHost } from './scoped.invoker.js';
import { composeScopedCall } from './scoped.invoker.js';

interface Candidate extends HandlerDeclaration, ScopedHost {
  readonly name: string;
}

type Place = Pick<Candidate, 'wrapper' | 'moduleRef' | 'moduleKey' | 'isController'>;

export interface ExploredHandlers {
  readonly handlers: readonly EventHandler[];
  /** What is wrong with any decorator of the application, each with what to write instead. */
  readonly problems: readonly string[];
}

/** Finds every `@OnEvent` method of the application that belongs to one bus. */
export class HandlerExplorer {
  private readonly scanner = new MetadataScanner();
  private readonly injector: Injector;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly nest: NestInternals,
  ) {
    const { instrument } = nest.container.contextOptions ?? {};
    this.injector = new Injector({ preview: false, instanceDecorator: instrument?.instanceDecorator });
  }

  /**
   * `knownBuses` are the names of all buses of the application. Problems are those of all of them: the first bus
   * that starts fails the application, and nobody wants to hear of the rest only after mending these.
   */
  explore(bus: string, prefix: ChannelPrefix, knownBuses: readonly string[]): ExploredHandlers {
    const candidates = [...this.candidates()];
    const problems = candidates.flatMap((candidate) =>
      handlerProblems(this.nest, candidate, knownBuses).map(
        (problem) => `@OnEvent on ${candidate.name}: ${problem}`,
      ),
    );
    if (problems.length > 0) return { handlers: [], problems };
    const handlers = candidates.flatMap((candidate) => {
      const own = candidate.metadata.filter(({ options }) => (options.bus ?? DEFAULT_BUS) === bus);
      return own.length === 0 ? [] : [this.toHandler(candidate, own, prefix)];
    });
    return { handlers, problems };
  }

  private *candidates(): Generator<Candidate> {
    const seen = new Set<object>();
    for (const [moduleKey, moduleRef] of this.modules) {
      const controllers: InstanceWrapper[] = [...moduleRef.controllers.values()];
      const controllerClasses = new Set(controllers.map((wrapper) => wrapper.metatype));
      // A controller that is listed as a provider too has a second instance; its handlers run once, here.
      const providers = [...moduleRef.providers.values()].filter(
        (wrapper) => !wrapper.isAlias && !controllerClasses.has(wrapper.metatype),
      );
      for (const wrapper of [...controllers, ...providers]) {
        // The same instance under a second token (useValue, useFactory) is the same handler.
        const identity: unknown = wrapper.isDependencyTreeStatic() ? wrapper.instance : wrapper;
        if (!isObject(identity) || seen.has(identity)) continue;
        seen.add(identity);
        const isController = controllers.includes(wrapper);
        yield* this.decoratedMethods({ wrapper, moduleRef, moduleKey, isController });
      }
    }
  }

  private *decoratedMethods(place: Place): Generator<Candidate> {
    const prototype = prototypeOf(place.wrapper);
    if (!isObject(prototype)) return;
    for (const methodName of this.scanner.getAllMethodNames(prototype)) {
      const method = (prototype as Record<string, HandlerMethod>)[methodName] as HandlerMethod;
      const metadata = onEventMetadata(method);
      if (metadata === undefined) continue;
      const className = prototype.constructor?.name || String(place.wrapper.name);
      yield { ...place, name: `${className}.${methodName}`, prototype, methodName, method, metadata };
    }
  }

  private toHandler(
    candidate: Candidate,
    metadata: readonly OnEventMetadata[],
    prefix: ChannelPrefix,
  ): EventHandler {
    const targets = metadata.flatMap(({ targets: inputs, options }) =>
      inputs.map((input) => readTarget(input, prefix, options.kind)),
    );
    return { name: candidate.name, targets: orderTargets(targets), invoke: this.composeCall(candidate) };
  }

  private composeCall(candidate: Candidate): HandlerCall {
    const { wrapper, moduleRef, moduleKey, methodName, method } = candidate;
    const globals = scopedGlobals(
      moduleRef.getProviderByKey(ApplicationConfig).instance as ApplicationConfig,
    );
    if (globals.length > 0 || !wrapper.isDependencyTreeStatic()) {
      return composeScopedCall(this.nest, this.injector, candidate, globals);
    }
    const instance = wrapper.instance as object;
    const host = {
      instance,
      methodName,
      method,
      moduleKey,
      contextId: STATIC_CONTEXT,
      inquirerId: wrapper.id,
    };
    return composeCall(this.nest, host);
  }
}

/** Undefined when there is nothing to look at: a primitive, a function, or a factory that has not run yet. */
function prototypeOf({ instance, isNotMetatype, token }: InstanceWrapper): unknown {
  if (isObject(instance)) return Object.getPrototypeOf(instance);
  // A request-scoped factory makes its instance for each event; the class it stands under says what it makes.
  return isNotMetatype && typeof token === 'function' ? token.prototype : undefined;
}

/** APP_GUARD and the like with a scope. Nest loads them for controllers only. */
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
