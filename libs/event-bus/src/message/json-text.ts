import { isUtf8 } from 'node:buffer';
import type { DecodedEvent } from './event.codec.js';
import { NO_METADATA } from './event.codec.js';
import { readingText } from './text.decoders.js';
import { PayloadDecodeError, PayloadEncodeError, reasonOf } from '../errors.js';

/** @throws PayloadEncodeError when the payload cannot be written as JSON. */
export function toJsonText(payload: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(payload);
  } catch (error) {
    throw new PayloadEncodeError(`JSON.stringify failed: ${reasonOf(error)}. Publish plain data.`, {
      cause: error,
    });
  }
  if (text === undefined) {
    throw new PayloadEncodeError(`${typeof payload} cannot be written as JSON. Publish null or an object.`);
  }
  return text;
}

/** Decodes an event that is only a payload. @throws PayloadDecodeError when it is not one JSON text in UTF-8. */
export const decodeJsonText = readingText((body: string | Buffer): DecodedEvent => ({
  payload: fromJsonText(body),
  metadata: NO_METADATA,
}));

/** @throws PayloadDecodeError when it is not one JSON text in UTF-8. */
export function fromJsonText(body: string | Buffer): unknown {
  const text = body.toString();
  // Bytes that are not UTF-8 are decoded as U+FFFD, which the text may also contain itself. Most texts have none.
  if (typeof body !== 'string' && text.includes('\uFFFD') && !isUtf8(body)) {
    throw new PayloadDecodeError('it is not UTF-8, so it cannot be JSON.');
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's message quotes the payload, which must not be logged.
    throw new PayloadDecodeError(body.length === 0 ? 'it is empty, so it is not JSON.' : 'it is not JSON.');
  }
}
