import { SetMetadata } from '@nestjs/common';
import { ConfigurationError } from '../errors.js';
import type { HandlerMethod } from './nest.enhancers.js';
import type { InstanceWrapper, Module } from './nest.internals.js';

/** A method of a provider or controller that has a decorator of this package. */
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

/**
 * Adds the metadata of one decorator to that of the decorators below it, in reading order. `decorator` is its name in errors.
 */
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
        `${decorator} on ${memberName(prototype, key)}: only instance methods with a string name can be decorated, no properties, static methods or symbols.`,
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
