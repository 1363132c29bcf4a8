import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
} from '@nestjs/common/internal';
import type { InstanceWrapper } from '@nestjs/core/internal';
import { DEFAULT_BUS } from '../event-bus.constants.js';
import { textOfTarget } from '../contracts/contract.target.js';
import { ChannelTemplate } from '../routing/channel-template.js';
import { isChannelParam } from './channel-param.decorator.js';
import { declaredArguments, declaredPipes } from './handler.arguments.js';
import type { HandlerMethod } from './nest.enhancers.js';
import type { NestInternals } from './nest.internals.js';
import type { OnEventMetadata } from './on-event.decorator.js';
import { onEventProblems } from './on-event.decorator.js';

/** A decorated method of a provider or controller, before it is known whether it can be a handler. */
export interface HandlerDeclaration {
  readonly metadata: readonly OnEventMetadata[];
  readonly wrapper: InstanceWrapper;
  readonly prototype: object;
  readonly methodName: string;
  readonly method: HandlerMethod;
}

const ENHANCERS = [
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
  EXCEPTION_FILTERS_METADATA,
] as const;

/** Everything that is wrong with one decorated method, each with what to write instead. */
export function handlerProblems(
  nest: NestInternals,
  declaration: HandlerDeclaration,
  knownBuses: readonly string[],
): string[] {
  const wrongTargets = onEventProblems(declaration.metadata);
  return [
    ...busProblems(declaration, knownBuses),
    ...wrongTargets,
    ...(wrongTargets.length === 0 ? paramProblems(nest, declaration) : []),
    ...scopeProblems(declaration),
    ...enhancerProblems(nest, declaration),
  ];
}

/** The handler of a bus that nobody imported would never be called. */
function busProblems({ metadata }: HandlerDeclaration, knownBuses: readonly string[]): string[] {
  return metadata
    .map(({ options }) => options.bus ?? DEFAULT_BUS)
    .filter((bus) => !knownBuses.includes(bus))
    .map((bus) => {
      const name = JSON.stringify(bus);
      return `there is no bus ${name}. Import EventBusModule.forRoot({ name: ${name} }), or use one of: ${knownBuses.join(', ')}.`;
    });
}

/** A parameter that is not in the channel would be undefined for ever. */
function paramProblems(
  nest: NestInternals,
  { prototype, methodName, metadata }: HandlerDeclaration,
): string[] {
  const declared = declaredArguments(nest, { instance: Object.create(prototype) as object, methodName });
  const names = Object.values(declared).flatMap(({ factory, data }) =>
    isChannelParam(factory) ? [String(data)] : [],
  );
  const texts = metadata.flatMap(({ targets }) => targets).map(textOfTarget);
  return names.flatMap((name) =>
    texts
      .filter((text) => !new ChannelTemplate(text).paramNames.includes(name))
      .map((text) => `@ChannelParam('${name}'): the target ${JSON.stringify(text)} has no <${name}>.`),
  );
}

/** A transient provider has one instance per consumer, so nobody could say which of them handles an event. */
function scopeProblems({ wrapper }: HandlerDeclaration): string[] {
  return wrapper.isTransient
    ? ['its class is transient and has no instance of its own. Make it a singleton or request-scoped.']
    : [];
}

/** Nest makes the enhancers of classes that it creates itself, and silently skips those of any other object. */
function enhancerProblems(nest: NestInternals, declaration: HandlerDeclaration): string[] {
  const { wrapper, prototype, methodName, method } = declaration;
  const made = new Set<unknown>((wrapper.getEnhancersMetadata() ?? []).map(({ token }) => token));
  const instance = Object.create(prototype) as object;
  const { guardsContextCreator: reflect } = nest;
  const declared = ENHANCERS.flatMap((key) => [
    ...(reflect.reflectClassMetadata<unknown[] | undefined>(instance, key) ?? []),
    ...(reflect.reflectMethodMetadata<unknown[] | undefined>(method, key) ?? []),
  ]).concat(declaredPipes(nest, { instance, methodName }));
  return declared
    .filter((enhancer) => typeof enhancer === 'function')
    .filter((enhancer) => !made.has(enhancer))
    .map(
      ({ name }) =>
        `Nest creates no ${name} for an instance that a factory or a value provides. Let Nest create the instance (a class, or useClass), or bind an instance: new ${name}(…).`,
    );
}
