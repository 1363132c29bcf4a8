import type { ExecutionContext } from '@nestjs/common';
import { createParamDecorator } from '@nestjs/common';
import type { EventContext } from '../message/event-context.js';

const readParam = (name: string, host: ExecutionContext): string | undefined =>
  host.switchToRpc().getContext<EventContext>().params[name];

const decorate = createParamDecorator(readParam);

/**
 * Injects the value of a template's parameter: `@ChannelParam('orderId') id: string` under
 * `@OnEvent('orders:<orderId>:created')`. A name that a target of the handler does not have fails the start of the
 * application with a {@link ConfigurationError}.
 */
export function ChannelParam(name: string): ParameterDecorator {
  return decorate(name);
}

/** Whether Nest's metadata of an argument comes from {@link ChannelParam}. */
export function isChannelParam(factory: unknown): boolean {
  return factory === readParam;
}
