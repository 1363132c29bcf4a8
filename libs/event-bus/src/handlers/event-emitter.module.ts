import type { ModulesContainer } from '@nestjs/core';

/** What `@OnEvent` of @nestjs/event-emitter leaves on a method, in its versions 1 to 12. */
export const EVENT_LISTENER_METADATA = 'EVENT_LISTENER_METADATA';

/** Whether the application imports EventEmitterModule, without which nobody calls a method with that decorator. */
export function hasEventEmitter(modules: ModulesContainer): boolean {
  return [...modules.values()].some(({ metatype }) => metatype.name === 'EventEmitterModule');
}
