import type { ExecutionContext } from '@nestjs/common';
import { createParamDecorator } from '@nestjs/common';
import type { EventContext } from '../message/event-context.js';

const readParam = (name: string, host: ExecutionContext): string | undefined =>
  host.switchToRpc().getContext<EventContext>().params[name];

/** Marks what {@link ChannelParam} of every copy of this package leaves in Nest's metadata. */
const CHANNEL_PARAM = Symbol.for('nestjs-redis-event-bus:channel-param');
Object.defineProperty(readParam, CHANNEL_PARAM, { value: true });

const decorate = createParamDecorator(readParam);

/**
 * Injects the value of a template's parameter: `@ChannelParam('orderId') id: string` with
 * `@OnEvent('orders:<orderId>:created')`. If a target of the handler lacks the parameter, the application fails to start with a
 * {@link ConfigurationError}.
 */
export function ChannelParam(name: string): ParameterDecorator {
  return decorate(name);
}

/** Whether Nest's metadata of an argument was added by {@link ChannelParam}. */
export function isChannelParam(factory: unknown): boolean {
  return typeof factory === 'function' && CHANNEL_PARAM in factory;
}
