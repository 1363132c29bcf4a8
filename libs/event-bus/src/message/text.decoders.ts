import type { EventCodec } from './event.codec.js';

/** Functions that decode text as well as bytes. Not a property of the codec: a codec that copies another would inherit it. */
const textDecoders = new WeakSet<EventCodec['decode']>();

/** Registers a `decode` that also accepts the body as text. */
export function readingText<T extends EventCodec['decode']>(decode: T): T {
  textDecoders.add(decode);
  return decode;
}

/** Whether a codec decodes text. Frames must be recognizable by their first byte. */
export function readsText({ decode, frames }: Pick<EventCodec, 'decode' | 'frames'>): boolean {
  return textDecoders.has(decode) && (frames === undefined || frames.firstByte !== undefined);
}
