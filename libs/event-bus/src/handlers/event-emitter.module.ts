import type { ModulesContainer } from '@nestjs/core';

/** The metadata key that `@OnEvent` of @nestjs/event-emitter sets on a method, in its versions 1 to 12. */
export const EVENT_LISTENER_METADATA = 'EVENT_LISTENER_METADATA';

/** Whether the application imports EventEmitterModule. Without it, methods with that decorator are never called. */
export function hasEventEmitter(modules: ModulesContainer): boolean {
  return [...modules.values()].some(({ metatype }) => metatype.name === 'EventEmitterModule');
}
