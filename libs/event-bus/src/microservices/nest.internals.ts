/** The insides of an optional peer: what `handlers/nest.internals.ts` is for the others. */
export { NO_MESSAGE_HANDLER } from '@nestjs/microservices/constants.js';
export { transformPatternToRoute } from '@nestjs/microservices/utils/transform-pattern.utils.js';
