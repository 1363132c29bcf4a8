import { isDeepStrictEqual } from 'node:util';
import { DEFAULT_BUS } from '../module/event-bus.constants.js';
import { textOfTarget } from '../contracts/contract.target.js';
import { HANDLER_OPTION_NAMES, deadLetterProblem } from '../dispatching/handler.option-problems.js';
import type { HandlerOptions, HandlerSettings } from '../dispatching/handler.options.js';
import { ChannelTemplate } from '../routing/channel-template.js';
import { isChannelParam } from './channel-param.decorator.js';
import type { ExploredBus } from './explored.bus.js';
import type { DeclaredArguments } from './declared.arguments.js';
import { areDeclared } from './declared.arguments.js';
import type { DecoratedMethod } from './method.finder.js';
import type { NestInternals } from './nest.internals.js';
import type { OnEventMetadata } from './on-event.decorator.js';
import { onEventProblems, targetsOf } from './on-event.decorator.js';
import { onGapProblems } from './on-gap.decorator.js';

/** A method with @OnEvent or @OnKeyEvent that has not been checked yet. */
export interface HandlerDeclaration {
  readonly decorated: DecoratedMethod;
  readonly metadata: readonly OnEventMetadata[];
  /** The metadata for the explored bus. */
  readonly own: readonly OnEventMetadata[];
  /** The settings from that metadata and the defaults of the bus. */
  readonly settings: HandlerSettings;
  /** The metadata of its parameter decorators. */
  readonly declared: DeclaredArguments;
}

/** All problems with one decorated method, each with what to write instead. Nearly every method has none. */
export function handlerProblems(
  nest: NestInternals,
  declaration: HandlerDeclaration,
  bus: ExploredBus,
  knownBuses: readonly string[],
): readonly string[] {
  const wrongTargets = onEventProblems(declaration.metadata);
  const isReadable = wrongTargets.length === 0;
  return joined([
    unknownBusProblems(declaration.metadata.map(optionsOf), knownBuses),
    wrongTargets,
    isReadable ? paramProblems(declaration) : NONE,
    isReadable ? settingsProblems(declaration, bus) : NONE,
    scopeProblems(declaration),
    enhancerProblems(nest, declaration),
  ]);
}

const NONE: readonly string[] = [];

function joined(lists: readonly (readonly string[])[]): readonly string[] {
  return lists.every((list) => list.length === 0) ? NONE : lists.flat();
}

function optionsOf({ options }: OnEventMetadata): OnEventMetadata['options'] {
  return options;
}

/** A handler of a bus that is not imported would never be called. */
function unknownBusProblems(
  options: readonly { readonly bus?: string }[],
  knownBuses: readonly string[],
): readonly string[] {
  const buses = options.map(({ bus }) => bus ?? DEFAULT_BUS).filter((bus) => !knownBuses.includes(bus));
  return buses.map((bus) => {
    const name = JSON.stringify(bus);
    return `there is no bus ${name}. Import EventBusModule.forRoot({ name: ${name} }), or use one of: ${knownBuses.join(', ')}.`;
  });
}

/** The problems with an @OnGap method, each with what to write instead. */
export function gapProblems(
  { onGap, host: { wrapper } }: DecoratedMethod,
  knownBuses: readonly string[],
): readonly string[] {
  if (onGap === undefined) return NONE;
  const isSingleton = wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
  return [
    ...unknownBusProblems(onGap, knownBuses),
    ...onGapProblems(onGap),
    ...(isSingleton
      ? []
      : ['its class is request-scoped or transient, but a gap has no request. Make it a singleton.']),
  ];
}

/** Options that contradict each other, or that this bus does not support. */
function settingsProblems(
  { own, settings: { deadLetter, group } }: HandlerDeclaration,
  { prefix, codec, transport }: ExploredBus,
): readonly string[] {
  if (own.length < 2 && deadLetter === false && group === false) return NONE;
  const problems = optionsThatDiffer(own).map(
    (option) =>
      `its decorators give different values for ${option}. Options apply to the whole method: set it once.`,
  );
  const ofDeadLetter =
    deadLetter === false ? undefined : deadLetterProblem(deadLetter, targetsOf(own, prefix), prefix);
  if (ofDeadLetter !== undefined) problems.push(ofDeadLetter);
  const takesKeyEvents = own.some(({ keyEvents }) => keyEvents !== undefined);
  if (takesKeyEvents && own.some(({ options }) => typeof options.group === 'string')) {
    problems.push('group needs events with an id, but key events have none. Leave out group.');
  } else if (!takesKeyEvents && own.length > 0 && group !== false) {
    if (codec.carriesMetadata !== true) {
      problems.push(
        `group needs events with an id, but the ${codec.name} codec carries none. Write codec: cloudEvents({ source }).`,
      );
    }
    if (transport.claim === undefined) {
      problems.push(
        `group needs claims, but the ${transport.name} transport does not support them. Leave out group.`,
      );
    }
  }
  return problems;
}

/** The handler of each group of a bus, by group. */
export type GroupMembers = Map<string, HandlerDeclaration>;

/** A group claims each event once, so two handlers of one bus in the same group would each miss events. */
export function groupProblems(
  declarations: readonly HandlerDeclaration[],
  /** The members so far. The new ones are added. */
  members: GroupMembers,
): string[] {
  // Most have no group.
  const grouped = declarations.filter(({ settings }) => settings.group !== false);
  return grouped.flatMap((declaration) => {
    const { decorated, own, settings } = declaration;
    const group = settings.group as string;
    // Key events have no group, see settingsProblems.
    if (own.length === 0 || own.some(({ keyEvents }) => keyEvents !== undefined)) return [];
    const other = members.get(group);
    if (other === undefined) members.set(group, declaration);
    // For the group, the same class in two modules is one handler.
    if (other === undefined || isSameMethod(other.decorated, decorated)) return [];
    return [
      `@OnEvent on ${decorated.name}: ${other.decorated.name} is already in group ${JSON.stringify(group)}, so each event would go to only one of them. Choose another group.`,
    ];
  });
}

function optionsThatDiffer(metadata: readonly OnEventMetadata[]): readonly (keyof HandlerOptions)[] {
  if (metadata.length < 2) return [];
  return HANDLER_OPTION_NAMES.filter((option) => {
    const given = metadata.map(({ options }) => options[option]).filter((value) => value !== undefined);
    return given.some((value) => !isDeepStrictEqual(value, given[0]));
  });
}

/** A parameter that the channel lacks would always be undefined. */
function paramProblems({ declared, metadata }: HandlerDeclaration): readonly string[] {
  if (!areDeclared(declared)) return NONE;
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

function isSameMethod(one: DecoratedMethod, other: DecoratedMethod): boolean {
  return one.host.prototype === other.host.prototype && one.methodName === other.methodName;
}

/** A transient provider has one instance per consumer, so it is undefined which one handles an event. */
function scopeProblems({ decorated: { host } }: HandlerDeclaration): readonly string[] {
  return host.wrapper.isTransient
    ? ['its class is transient, so it has one instance per consumer. Make it a singleton or request-scoped.']
    : NONE;
}

/** Nest creates enhancers only for classes that it instantiates itself, and silently skips those of other objects. */
function enhancerProblems(nest: NestInternals, declaration: HandlerDeclaration): readonly string[] {
  const { declared, decorated } = declaration;
  const { host, method, enhancerKeys } = decorated;
  const ofClass = host.classEnhancers(nest);
  // Most handlers have none.
  if (ofClass.length + enhancerKeys.length === 0 && !areDeclared(declared)) return NONE;
  const { guardsContextCreator: reflect } = nest;
  const bound = [
    ...ofClass,
    ...enhancerKeys.flatMap((key) => reflect.reflectMethodMetadata<unknown[]>(method, key)),
    ...Object.values(declared).flatMap(({ pipes = [] }) => pipes),
  ];
  const classes = bound.filter((enhancer) => typeof enhancer === 'function');
  // A class with many handlers has a long list.
  if (classes.length === 0) return NONE;
  return classes
    .filter((enhancer) => !host.createdEnhancers.has(enhancer))
    .map(
      ({ name }) =>
        `Nest does not create ${name} for an instance from a factory or a value. Let Nest create the instance (a class, or useClass), or bind an instance: new ${name}(…).`,
    );
}
