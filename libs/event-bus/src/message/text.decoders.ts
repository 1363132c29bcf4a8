import type { EventCodec, EventFrames } from './event.codec.js';

type Reader = (body: Buffer, channel: string) => unknown;

/** Functions that read text as well as bytes. Not a property of the codec: a codec that copies another would inherit it. */
const textReaders = new WeakSet<Reader>();

/** Registers a function of a codec that also accepts the body as text. */
export function readingText<T extends Reader>(read: T): T {
  textReaders.add(read);
  return read;
}

/** Whether a codec reads text. */
export function readsText({ decode, frames }: Pick<EventCodec, 'decode' | 'frames'>): boolean {
  return textReaders.has(decode) && (frames === undefined || framesReadText(frames));
}

/** Frames must be recognizable by their first byte. */
function framesReadText({
  firstByte,
  split,
  count,
}: Pick<EventFrames, 'firstByte' | 'split' | 'count'>): boolean {
  return firstByte !== undefined && textReaders.has(split) && (count === undefined || textReaders.has(count));
}
