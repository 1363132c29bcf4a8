import { PayloadEncodeError } from '../errors.js';
import type { EventCodec } from './event.codec.js';
import { NO_METADATA } from './event.codec.js';

/**
 * Passes bytes through unchanged. Publishes a Buffer, any Uint8Array or a string (as UTF-8); handlers get a Buffer, which may
 * be empty. The bytes are copied during the call to publish, so later changes are not sent.
 */
export function raw(): EventCodec {
  return {
    name: 'raw',
    encode(payload) {
      if (typeof payload === 'string') return payload;
      if (payload instanceof Uint8Array) return Buffer.from(payload);
      throw new PayloadEncodeError('the raw() codec takes a Buffer, a Uint8Array or a string.');
    },
    decode(body) {
      return { payload: body, metadata: NO_METADATA };
    },
  };
}
