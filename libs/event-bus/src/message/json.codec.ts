import type { EventCodec } from './event.codec.js';
import { NO_METADATA } from './event.codec.js';
import { fromJsonText, toJsonText } from './json-text.js';

/**
 * The payload as plain JSON text and nothing else, so that any language can read and write it:
 * `redis-cli PUBLISH orders:created '{"id":1}'`. Follows JSON.stringify: `undefined` in objects is left out,
 * `toJSON` is called, dates become strings. A payload of `undefined`, a function, a BigInt or a cycle is
 * refused. Reading never touches a prototype: a key `__proto__` becomes an own property.
 */
export function json(): EventCodec {
  return {
    name: 'json',
    encode: (payload) => toJsonText(payload),
    decode: (body) => ({ payload: fromJsonText(body), metadata: NO_METADATA }),
  };
}
