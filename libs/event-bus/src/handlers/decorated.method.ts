import { SetMetadata } from '@nestjs/common';
import { ConfigurationError } from '../errors.js';
import type { HandlerMethod } from './nest.enhancers.js';
import type { InstanceWrapper, Module } from './nest.internals.js';

/** A method of a provider or controller that carries one of our decorators. */
export interface DecoratedMethod {
  /** `OrderNotifier.notify`. */
  readonly name: string;
  readonly wrapper: InstanceWrapper;
  readonly moduleRef: Module;
  readonly moduleKey: string;
  readonly prototype: object;
  readonly methodName: string;
  readonly method: HandlerMethod;
  readonly isController: boolean;
}

/** Adds what one decorator says to what those below it say, in reading order; `decorator` is its name, for people. */
export function stackMetadata(decorator: string, metadataKey: symbol, metadata: unknown): MethodDecorator {
  return (prototype, key, descriptor?: PropertyDescriptor) => {
    const method: unknown = descriptor?.value;
    if (
      descriptor === undefined ||
      typeof method !== 'function' ||
      typeof prototype === 'function' ||
      typeof key === 'symbol'
    ) {
      throw new ConfigurationError([
        `${decorator} on ${memberName(prototype, key)}: it decorates instance methods with a name, and no properties, static methods or symbols.`,
      ]);
    }
    const stacked = (Reflect.getMetadata(metadataKey, method) as unknown[] | undefined) ?? [];
    SetMetadata(metadataKey, [metadata, ...stacked])(prototype, key, descriptor);
  };
}

/** `OrderNotifier.notify`. */
function memberName(owner: object, key: PropertyKey): string {
  const { name } = typeof owner === 'function' ? owner : owner.constructor;
  return `${name || 'an anonymous class'}.${String(key)}`;
}
