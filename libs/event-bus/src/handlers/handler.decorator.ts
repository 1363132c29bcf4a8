import type { EventParams } from '../contracts/event.contract.js';
import type { TargetPayload } from '../contracts/event.map.js';
import type { EventContext } from '../message/event-context.js';

/** A decorator for methods that take the payload of their targets, or for any method where that type is unknown. */
export type OnEventDecorator<Target> = [TargetPayload<Target>] extends [never]
  ? MethodDecorator
  : HandlerDecorator<TargetPayload<Target>, keyof EventParams<OneOf<Target>>>;

type OneOf<Target> = Target extends readonly (infer One)[] ? One : Target;

/**
 * Decorates methods that take this payload: as the first parameter, or as a later one after injected parameters. Parameter
 * decorators are not part of a method's type, so a method whose first parameter takes the EventContext (`@Ctx()`) or a
 * template's parameter (`@ChannelParam()`) is accepted without a payload.
 *
 * It has two signatures because TypeScript compares a type with several signatures to MethodDecorator without its type
 * parameters: it remains a MethodDecorator, for `applyDecorators()`.
 */
export interface HandlerDecorator<Payload, Param = never> {
  <Method>(
    prototype: object,
    key: string | symbol,
    descriptor: MethodDescriptor<InjectedMethod<Method, Payload, Param>>,
  ): void;
  (prototype: object, key: string | symbol, descriptor: MethodDescriptor<PayloadMethod<Payload>>): void;
}

/** The descriptor of a method. Unlike TypedPropertyDescriptor, it accepts a method that takes more than this. */
interface MethodDescriptor<Method> {
  readonly value?: Method | undefined;
}

type PayloadMethod<Payload> = (payload: Payload, ...others: never[]) => unknown;

/** The method's own type where only decorators can explain its parameters, otherwise the required type. */
type InjectedMethod<Method, Payload, Param> = Method extends (
  first: infer First,
  ...others: infer Others
) => unknown
  ? EventContext<Payload> extends First
    ? Method
    : [NonNullable<First>] extends [TextOf<Param>]
      ? Method
      : [Payload] extends [SpecificOf<Others[number]>]
        ? Method
        : PayloadMethod<Payload>
  : PayloadMethod<Payload>;

/** The type that `@ChannelParam()` injects, if there are parameters. */
type TextOf<Param> = [Param] extends [never] ? never : string;

/** A parameter of type unknown or any does not show that it takes the payload. */
type SpecificOf<Type> = unknown extends Type ? never : Type;
