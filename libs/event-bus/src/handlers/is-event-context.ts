import type { ArgumentsHost } from '@nestjs/common';
import { isEvent } from '../message/event-context.js';

/**
 * Tells events of this bus from HTTP requests, other RPC messages and WebSocket messages, in guards,
 * interceptors and filters that see all of them: `if (isEventContext(context)) return true;`
 */
export function isEventContext(host: ArgumentsHost): boolean {
  return host.getType() === 'rpc' && isEvent(host.getArgByIndex<unknown>(1));
}
