import { isDeepStrictEqual } from 'node:util';
import { DEFAULT_BUS } from '../module/event-bus.constants.js';
import { textOfTarget } from '../contracts/contract.target.js';
import { HANDLER_OPTION_NAMES, deadLetterProblem } from '../dispatching/handler.option-problems.js';
import type { HandlerOptions, HandlerSettings } from '../dispatching/handler.options.js';
import { ChannelTemplate } from '../routing/channel-template.js';
import { isChannelParam } from './channel-param.decorator.js';
import type { DecoratedMethod } from './decorated.method.js';
import type { ExploredBus } from './explored.bus.js';
import { declaredArguments } from './handler.arguments.js';
import type { NestInternals } from './nest.internals.js';
import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
} from './nest.internals.js';
import type { OnEventMetadata } from './on-event.decorator.js';
import { onEventProblems, targetsOf } from './on-event.decorator.js';
import { onGapMetadata, onGapProblems } from './on-gap.decorator.js';

/** A method with @OnEvent or @OnKeyEvent, before it is known whether it can be a handler. */
export interface HandlerDeclaration extends DecoratedMethod {
  readonly metadata: readonly OnEventMetadata[];
  /** What is said for the bus that is explored. */
  readonly own: readonly OnEventMetadata[];
  /** What follows of that, and of the defaults of the bus. */
  readonly settings: HandlerSettings;
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
  bus: ExploredBus,
  knownBuses: readonly string[],
): string[] {
  const wrongTargets = onEventProblems(declaration.metadata);
  return [
    ...unknownBusProblems(
      declaration.metadata.map(({ options }) => options),
      knownBuses,
    ),
    ...wrongTargets,
    ...(wrongTargets.length === 0
      ? [...paramProblems(nest, declaration), ...settingsProblems(declaration, bus)]
      : []),
    ...scopeProblems(declaration),
    ...enhancerProblems(nest, declaration),
  ];
}

/** The handler of a bus that nobody imported would never be called. */
function unknownBusProblems(
  options: readonly { readonly bus?: string }[],
  knownBuses: readonly string[],
): string[] {
  return options
    .map(({ bus }) => bus ?? DEFAULT_BUS)
    .filter((bus) => !knownBuses.includes(bus))
    .map((bus) => {
      const name = JSON.stringify(bus);
      return `there is no bus ${name}. Import EventBusModule.forRoot({ name: ${name} }), or use one of: ${knownBuses.join(', ')}.`;
    });
}

/** What is wrong with an @OnGap method, each with what to write instead. */
export function gapProblems({ method, wrapper }: DecoratedMethod, knownBuses: readonly string[]): string[] {
  const metadata = onGapMetadata(method);
  if (metadata === undefined) return [];
  const isSingleton = wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
  return [
    ...unknownBusProblems(metadata, knownBuses),
    ...onGapProblems(metadata),
    ...(isSingleton
      ? []
      : ['its class is request-scoped or transient, and a gap is no request. Make it a singleton.']),
  ];
}

/** Options that cannot hold together, or not on this bus. */
function settingsProblems(
  { own, settings: { deadLetter, group } }: HandlerDeclaration,
  { prefix, codec, transport }: ExploredBus,
): string[] {
  const problems = HANDLER_OPTION_NAMES.filter((option) => differ(own, option)).map(
    (option) => `its decorators give different values for ${option}. It holds for the method: give it once.`,
  );
  const ofDeadLetter = deadLetterProblem(deadLetter, targetsOf(own, prefix), prefix);
  if (ofDeadLetter !== undefined) problems.push(ofDeadLetter);
  const takesKeyEvents = own.some(({ keyEvents }) => keyEvents !== undefined);
  if (takesKeyEvents && own.some(({ options }) => typeof options.group === 'string')) {
    problems.push('group needs events with an id, and key events have none. Leave it out.');
  } else if (!takesKeyEvents && own.length > 0 && group !== false) {
    if (codec.carriesMetadata !== true) {
      problems.push(
        `group needs events with an id, and the ${codec.name} codec carries none. Write codec: cloudEvents({ source }).`,
      );
    }
    if (transport.claim === undefined) {
      problems.push(`group needs claims, and the ${transport.name} transport has none. Leave it out.`);
    }
  }
  return problems;
}

/** The handler of each group of a bus. */
export type GroupMembers = Map<string, HandlerDeclaration>;

/** A group claims each event once, so two handlers of one bus in the same group would share the events between them. */
export function groupProblems(
  declarations: readonly HandlerDeclaration[],
  /** Those of before, to which these are added. */
  members: GroupMembers,
): string[] {
  return declarations.flatMap((declaration) => {
    const { name, prototype, methodName, own, settings } = declaration;
    const { group } = settings;
    // Key events have no group, see settingsProblems.
    if (group === false || own.length === 0 || own.some(({ keyEvents }) => keyEvents !== undefined))
      return [];
    const other = members.get(group);
    if (other === undefined) members.set(group, declaration);
    // The same class in two modules is one handler to the group.
    if (other === undefined || (other.prototype === prototype && other.methodName === methodName)) return [];
    return [
      `@OnEvent on ${name}: ${other.name} is in the group ${JSON.stringify(group)} already, and each event would go to only one of them. Name another group.`,
    ];
  });
}

function differ(metadata: readonly OnEventMetadata[], option: keyof HandlerOptions): boolean {
  if (metadata.length < 2) return false;
  const given = metadata.map(({ options }) => options[option]).filter((value) => value !== undefined);
  return given.some((value) => !isDeepStrictEqual(value, given[0]));
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
  const instance = Object.create(prototype) as object;
  const { guardsContextCreator: reflect } = nest;
  const declared = ENHANCERS.flatMap((key) => [
    ...(reflect.reflectClassMetadata<unknown[] | undefined>(instance, key) ?? []),
    ...(reflect.reflectMethodMetadata<unknown[] | undefined>(method, key) ?? []),
  ]).concat(
    Object.values(declaredArguments(nest, { instance, methodName })).flatMap(({ pipes = [] }) => pipes),
  );
  const classes = declared.filter((enhancer) => typeof enhancer === 'function');
  // Most handlers have none, and a class of many handlers has a long list.
  if (classes.length === 0) return [];
  const made = new Set<unknown>((wrapper.getEnhancersMetadata() ?? []).map(({ token }) => token));
  return classes
    .filter((enhancer) => !made.has(enhancer))
    .map(
      ({ name }) =>
        `Nest creates no ${name} for an instance that a factory or a value provides. Let Nest create the instance (a class, or useClass), or bind an instance: new ${name}(…).`,
    );
}
