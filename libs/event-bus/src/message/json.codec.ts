import { InvalidOptionError } from '../errors.js';
import type { EventCodec } from './event.codec.js';
import { decodeJsonText, toJsonText } from './json-text.js';
import type { FrameOptions } from './json.frames.js';
import { framesWanted, jsonFrames } from './json.frames.js';

/** Options of {@link json}. */
export type JsonOptions = FrameOptions;

/**
 * Encodes only the payload, as plain JSON text, so that any language can read and write it:
 * `redis-cli PUBLISH orders:created '{"id":1}'`. Follows JSON.stringify: `undefined` in objects is omitted, `toJSON` is called,
 * dates become strings. A payload of `undefined`, a function, a BigInt or a cycle is rejected. Decoding never changes a
 * prototype: a key `__proto__` becomes an own property.
 *
 * @throws InvalidOptionError for an unknown option.
 */
export function json(options: JsonOptions = {}): EventCodec {
  const areFramesSent = framesWanted('json', optionsOf(options), ['frames']);
  return {
    name: 'json',
    encode: toJsonText,
    decode: decodeJsonText,
    frames: jsonFrames(areFramesSent, decodeJsonText),
  };
}

function optionsOf(options: unknown): object {
  if (typeof options === 'object' && options !== null) return options;
  throw new InvalidOptionError('json()', 'takes an object, or nothing. Write json({ frames: true }).');
}
