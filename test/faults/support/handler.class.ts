import type { Type } from '@nestjs/common';
import type { HandlerSetup } from './contender.js';

/** A class with one method per handler, decorated as in source code. */
export function handlerClass(
  handlers: readonly HandlerSetup[],
  subscribeTo: (targets: readonly string[]) => MethodDecorator,
): Type {
  class Handlers {}
  for (const { name, targets, handle, decorators = [] } of handlers) {
    const value = (payload: unknown) => handle(payload);
    const descriptor = { value, writable: true, enumerable: false, configurable: true };
    Object.defineProperty(Handlers.prototype, name, descriptor);
    for (const decorate of [...decorators, subscribeTo(targets)])
      decorate(Handlers.prototype, name, descriptor);
  }
  return Handlers;
}
