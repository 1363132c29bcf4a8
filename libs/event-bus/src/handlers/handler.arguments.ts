import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import type { EventContext } from '../message/event-context.js';
import type { DeclaredArgument, DeclaredArguments } from './declared.arguments.js';
import { areDeclared } from './declared.arguments.js';
import type { EnhancerHost } from './nest.enhancers.js';
import type { Controller, NestInternals, RouteParamtypes } from './nest.internals.js';
import { CUSTOM_ROUTE_ARGS_METADATA, ParamsTokenFactory } from './nest.internals.js';

/** The argument types that `@Payload()` and `@Ctx()` of @nestjs/microservices set in a method's metadata. */
const PAYLOAD = 3;
const CONTEXT = 6;

/** One argument of a handler: where its value comes from and which pipes it goes through. */
export interface HandlerArgument {
  readonly index: number;
  /** Nest's type number, or the key of a custom decorator. */
  readonly type: number | string;
  /** The metadata that pipes get. */
  readonly metadata: ArgumentMetadata;
  /** Global pipes, those of the class and of the method, then those of the argument. */
  readonly pipes: PipeTransform[];
  extract(payload: unknown, event: EventContext): unknown;
}

/**
 * Without decorators the arguments are `(payload, context)`. Pipes apply to both, as they do to the payload of `@EventPattern`.
 */
const UNDECORATED: DeclaredArguments = {
  [`${PAYLOAD}:0`]: { index: 0, pipes: [] },
  [`${CONTEXT}:1`]: { index: 1, pipes: [] },
};

/** The arguments before parameter decorators are applied: Nest's `args`. */
export type HandlerArguments = [payload: unknown, event: EventContext];

/** The arguments of a handler, as its parameter decorators define them. `pipes` run before an argument's own. */
export function findArguments(
  nest: NestInternals,
  host: EnhancerHost,
  pipes: readonly PipeTransform[],
): readonly HandlerArgument[] {
  const { instance, methodName, method, declared } = host;
  const { contextUtils } = nest;
  const entries = areDeclared(declared) ? declared : UNDECORATED;
  const isPiped = pipes.length > 0 || Object.values(entries).some(({ pipes: own = [] }) => own.length > 0);
  // For pipes alone.
  const metatypes: readonly unknown[] | undefined = isPiped
    ? contextUtils.reflectCallbackParamtypes(instance as Controller, methodName)
    : undefined;
  const toContext = contextUtils.getContextFactory('rpc', instance, method);
  const tokens = new ParamsTokenFactory();

  return Object.entries(entries).map(([key, entry]) => {
    const isCustom = key.includes(CUSTOM_ROUTE_ARGS_METADATA);
    const mapped = contextUtils.mapParamType(key);
    const type = isCustom ? mapped : Number(mapped);
    return {
      index: entry.index,
      type,
      metadata: {
        type: tokens.exchangeEnumForString(type as RouteParamtypes),
        data: entry.data,
        schema: entry.schema,
        metatype: metatypes?.[entry.index],
      } as ArgumentMetadata,
      pipes: [...pipes, ...ownPipes(nest, host, entry)],
      extract: isCustom
        ? (payload, event) => entry.factory?.(entry.data, toContext([payload, event]))
        : extractorOf(type as number, entry.data),
    };
  });
}

/** The pipes of the argument's own decorator. */
function ownPipes(
  { pipesContextCreator }: NestInternals,
  { moduleKey, contextId, inquirerId }: EnhancerHost,
  { pipes = [] }: DeclaredArgument,
): PipeTransform[] {
  pipesContextCreator.setModuleContext(moduleKey);
  return pipesContextCreator.createConcreteContext<unknown[], PipeTransform[]>(
    [...pipes],
    contextId,
    inquirerId,
  );
}

/** Whether the arguments are the default ones, unchanged. */
export function isPayloadAndContext(args: readonly HandlerArgument[]): boolean {
  return (
    args.length === 2 &&
    args.every(({ index, type, metadata, pipes }) => {
      const isInPlace = type === (index === 0 ? PAYLOAD : CONTEXT);
      return isInPlace && metadata.data === undefined && pipes.length === 0;
    })
  );
}

function extractorOf(type: number, data: unknown): HandlerArgument['extract'] {
  if (type === PAYLOAD) {
    return typeof data === 'string' && data !== ''
      ? (payload) => (payload as Record<string, unknown> | null | undefined)?.[data]
      : (payload) => payload;
  }
  return type === CONTEXT ? (_payload, event) => event : () => null;
}
