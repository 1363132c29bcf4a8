import { SetMetadata } from '@nestjs/common';
import { ConfigurationError } from '../errors.js';

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
