import { EventBusError, PayloadEncodeError, reasonOf } from '../errors.js';
import { ignoreRejection, isA } from '../foreign.js';
import type { MessageBody } from '../transports/event.transport.js';

/** Checks what a codec returned. @throws PayloadEncodeError when it is no body. */
export function encodedBody(body: unknown): MessageBody {
  if (typeof body === 'string' || isBuffer(body)) return body;
  ignoreRejection(body);
  throw new PayloadEncodeError(`the codec returned ${typeof body}. It must return a string or a Buffer.`);
}

/** Turns what a codec threw into an error of this package. */
export function encodeFailure(thrown: unknown): EventBusError {
  return isA(thrown, EventBusError)
    ? thrown
    : new PayloadEncodeError(`the codec failed: ${reasonOf(thrown)}.`, { cause: thrown });
}

function isBuffer(body: unknown): body is Buffer {
  try {
    return Buffer.isBuffer(body);
  } catch {
    return false;
  }
}
