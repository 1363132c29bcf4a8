import type { PayloadDecodeError, PayloadInvalidError, PayloadTooLargeError } from '../errors.js';
import type { EventContext } from '../message/event-context.js';
import type { EventHandler } from './event.handler.js';

/** Hears what becomes of every message. No call may throw. */
export interface DispatchObserver {
  /** A handler finished without a failure. */
  handled(handler: EventHandler, event: EventContext): void;
  /** A handler, or a guard, pipe, interceptor or filter of it, failed. Nobody else hears of it. */
  failed(handler: EventHandler, event: EventContext, error: unknown): void;
  /** A message was not handed on: it is too large, not what the codec reads, or does not fit the contract. */
  rejected(channel: string, error: PayloadDecodeError | PayloadInvalidError | PayloadTooLargeError): void;
}
