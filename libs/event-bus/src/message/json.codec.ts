import { isUtf8 } from 'node:buffer';
import { PayloadDecodeError, PayloadEncodeError, reasonOf } from '../errors.js';
import type { EventCodec } from './event.codec.js';
import { NO_METADATA } from './event.codec.js';

/**
 * The payload as plain JSON text and nothing else, so that any language can read and write it:
 * `redis-cli PUBLISH orders:created '{"id":1}'`. Follows JSON.stringify: `undefined` in objects is left out,
 * `toJSON` is called, dates become strings. A payload of `undefined`, a function, a BigInt or a cycle is
 * refused. Reading never touches a prototype: a key `__proto__` becomes an own property.
 */
export function json(): EventCodec {
  return {
    name: 'json',
    encode(payload) {
      let text: string | undefined;
      try {
        text = JSON.stringify(payload);
      } catch (error) {
        throw new PayloadEncodeError(`JSON.stringify failed: ${reasonOf(error)}. Publish plain data.`, {
          cause: error,
        });
      }
      if (text === undefined) {
        throw new PayloadEncodeError(`${typeof payload} has no JSON form. Publish null, or an object.`);
      }
      return text;
    },
    decode(body) {
      if (!isUtf8(body)) throw new PayloadDecodeError('it is not UTF-8, so it cannot be JSON.');
      try {
        return { payload: JSON.parse(body.toString()) as unknown, metadata: NO_METADATA };
      } catch {
        // The parser's own message quotes the payload, which must not reach a log.
        throw new PayloadDecodeError(body.length === 0 ? 'it is empty, and so not JSON.' : 'it is not JSON.');
      }
    },
  };
}
