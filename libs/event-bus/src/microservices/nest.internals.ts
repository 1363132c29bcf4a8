/** The internals of an optional peer dependency, as `handlers/nest.internals.ts` has those of the others. */
export { NO_MESSAGE_HANDLER } from '@nestjs/microservices/constants.js';
export { transformPatternToRoute } from '@nestjs/microservices/utils/transform-pattern.utils.js';
