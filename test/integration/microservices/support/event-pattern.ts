import type { Transport } from '@nestjs/microservices';
import { EventPattern as NestEventPattern } from '@nestjs/microservices';

/**
 * Nest's decorator. Its type wants exactly one argument of the methods, unless it is written `@EventPattern<string>(…)`.
 */
export const EventPattern = NestEventPattern as (pattern: unknown, transport?: Transport) => MethodDecorator;
