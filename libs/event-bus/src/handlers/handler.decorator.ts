import type { EventParams } from '../contracts/event.contract.js';
import type { TargetPayload } from '../contracts/event.map.js';
import type { EventContext } from '../message/event-context.js';

/** A decorator for methods that take what their targets carry; for any method where nobody says what that is. */
export type OnEventDecorator<Target> = [TargetPayload<Target>] extends [never]
  ? MethodDecorator
  : HandlerDecorator<TargetPayload<Target>, keyof EventParams<OneOf<Target>>>;

type OneOf<Target> = Target extends readonly (infer One)[] ? One : Target;

/**
 * Decorates methods that take this payload: as the first parameter, or as a later one behind what parameter decorators
 * inject. Parameter decorators are not in the type of a method, so one whose first parameter takes the EventContext (`@Ctx()`)
 * or a template's parameter (`@ChannelParam()`) is accepted without a payload.
 *
 * It has two signatures because a type with several is compared to MethodDecorator without its type parameters: it stays one,
 * for `applyDecorators()`.
 */
export interface HandlerDecorator<Payload, Param = never> {
  <Method>(
    prototype: object,
    key: string | symbol,
    descriptor: MethodDescriptor<InjectedMethod<Method, Payload, Param>>,
  ): void;
  (prototype: object, key: string | symbol, descriptor: MethodDescriptor<PayloadMethod<Payload>>): void;
}

/** Of a method; unlike TypedPropertyDescriptor it can be given one of a method that takes more than this. */
interface MethodDescriptor<Method> {
  readonly value?: Method | undefined;
}

type PayloadMethod<Payload> = (payload: Payload, ...others: never[]) => unknown;

/** The method itself where only decorators can explain its parameters, else what it should be. */
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

/** What `@ChannelParam()` injects, where there are parameters. */
type TextOf<Param> = [Param] extends [never] ? never : string;

/** A parameter that takes anything does not show that the payload is meant. */
type SpecificOf<Type> = unknown extends Type ? never : Type;
