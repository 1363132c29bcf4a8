import type { ArgumentsHost } from '@nestjs/common';
import { isEvent } from '../message/event-context.js';

/**
 * Whether a guard, interceptor or filter is called for an event of this bus, and not for an HTTP request, another RPC message
 * or a WebSocket message: `if (isEventContext(context)) return true;`
 */
export function isEventContext(host: ArgumentsHost): boolean {
  return host.getType() === 'rpc' && isEvent(host.getArgByIndex<unknown>(1));
}
