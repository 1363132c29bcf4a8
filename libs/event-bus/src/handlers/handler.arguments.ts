import type { ArgumentMetadata, PipeTransform, Type } from '@nestjs/common';
import type { EventContext } from '../message/event-context.js';
import type { EnhancerHost } from './nest.enhancers.js';
import type { Controller, NestInternals, RouteParamtypes } from './nest.internals.js';
import { CUSTOM_ROUTE_ARGS_METADATA, ParamsTokenFactory, ROUTE_ARGS_METADATA } from './nest.internals.js';

/** What `@Payload()` and `@Ctx()` of @nestjs/microservices leave in a method's argument metadata. */
const PAYLOAD = 3;
const CONTEXT = 6;

/** How Nest's decorators describe one argument: the key is `type:index`, or has a factory for custom ones. */
interface ArgumentMetadataEntry {
  readonly index: number;
  readonly data?: unknown;
  readonly pipes?: readonly (PipeTransform | Type<PipeTransform>)[];
  readonly schema?: unknown;
  readonly factory?: (data: unknown, context: unknown) => unknown;
}

/** One argument of a handler: where its value comes from and which pipes it goes through. */
export interface HandlerArgument {
  readonly index: number;
  /** Nest's type number, or the key of a custom decorator. */
  readonly type: number | string;
  /** What pipes see of it. */
  readonly metadata: ArgumentMetadata;
  /** Those bound globally, to the class and to the method, then its own. */
  readonly pipes: PipeTransform[];
  extract(payload: unknown, event: EventContext): unknown;
}

/** Without decorators the arguments are `(payload, context)`. Pipes see both, as those of `@EventPattern` see the payload. */
const UNDECORATED: Readonly<Record<string, ArgumentMetadataEntry>> = {
  [`${PAYLOAD}:0`]: { index: 0, pipes: [] },
  [`${CONTEXT}:1`]: { index: 1, pipes: [] },
};

/** What a decorated method is called with before its parameter decorators have a say: Nest's `args`. */
export type HandlerArguments = [payload: unknown, event: EventContext];

/** The arguments of a handler, as its parameter decorators ask for them. `pipes` go before an argument's own. */
export function findArguments(
  nest: NestInternals,
  host: EnhancerHost,
  pipes: readonly PipeTransform[],
): readonly HandlerArgument[] {
  const { instance, methodName, method } = host;
  const { contextUtils } = nest;
  const declared = declaredArguments(nest, host);
  const entries = Object.keys(declared).length === 0 ? UNDECORATED : declared;
  const metatypes: readonly unknown[] | undefined = contextUtils.reflectCallbackParamtypes(
    instance as Controller,
    methodName,
  );
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

/** Those that an argument's own decorator asks for. */
function ownPipes(
  { pipesContextCreator }: NestInternals,
  { moduleKey, contextId, inquirerId }: EnhancerHost,
  { pipes = [] }: ArgumentMetadataEntry,
): PipeTransform[] {
  pipesContextCreator.setModuleContext(moduleKey);
  return pipesContextCreator.createConcreteContext<unknown[], PipeTransform[]>(
    [...pipes],
    contextId,
    inquirerId,
  );
}

/** Whether they are what a method gets that asks for nothing else, as they came. */
export function isPayloadAndContext(args: readonly HandlerArgument[]): boolean {
  return (
    args.length === 2 &&
    args.every(({ index, type, metadata, pipes }) => {
      const isInPlace = type === (index === 0 ? PAYLOAD : CONTEXT);
      return isInPlace && metadata.data === undefined && pipes.length === 0;
    })
  );
}

/** What the parameter decorators of a method left behind. Empty when there are none. */
export function declaredArguments(
  { contextUtils }: NestInternals,
  { instance, methodName }: Pick<EnhancerHost, 'instance' | 'methodName'>,
): Readonly<Record<string, ArgumentMetadataEntry>> {
  const declared = contextUtils.reflectCallbackMetadata<Record<string, ArgumentMetadataEntry> | undefined>(
    instance as Controller,
    methodName,
    ROUTE_ARGS_METADATA,
  );
  return declared ?? {};
}

function extractorOf(type: number, data: unknown): HandlerArgument['extract'] {
  if (type === PAYLOAD) {
    return typeof data === 'string' && data !== ''
      ? (payload) => (payload as Record<string, unknown> | null | undefined)?.[data]
      : (payload) => payload;
  }
  return type === CONTEXT ? (_payload, event) => event : () => null;
}
