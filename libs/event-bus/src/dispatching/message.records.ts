import type { EventFrames } from '../message/event.codec.js';

/** The events in one message, each as its codec reads it. */
export type Records = readonly (string | Buffer)[];

/** A frame with more events than the limit. */
export class OverlongFrame {
  constructor(readonly events: number) {}
}

/**
 * The most events in a frame. The smallest JSON object, `{"n":1}`, takes 9 bytes of a frame, so 1 MiB, the default of
 * maxPayloadBytes, has room for 116,508: only a frame of bare values has more. Frames of this package have far fewer.
 */
export const MAX_RECORDS = 131_072;

/**
 * The events in a frame; undefined if it is none. A long frame is counted first, without splitting it.
 *
 * @param body a string only if the codec reads text
 */
export function recordsIn(frames: EventFrames, body: Buffer | string): Records | OverlongFrame | undefined {
  try {
    const content = body as Buffer;
    const count = content.length > MAX_RECORDS ? (frames.count?.(content) ?? 0) : 0;
    const records = count > MAX_RECORDS ? undefined : frames.split(content);
    const length = records?.length ?? count;
    return length > MAX_RECORDS ? new OverlongFrame(length) : records;
  } catch {
    // The codec broke its contract: it gets the message as a whole.
    return undefined;
  }
}

export function countOf(records: Records | OverlongFrame | undefined): number {
  if (records === undefined) return 1;
  return records instanceof OverlongFrame ? records.events : records.length;
}

/** Measures the events of a frame. A text with as many characters as bytes is ASCII, and so are its parts. */
export function measureOf(body: Buffer | string, bytes: number): (record: string | Buffer) => number {
  return typeof body === 'string' && body.length === bytes ? lengthOf : byteLengthOf;
}

function lengthOf({ length }: string | Buffer): number {
  return length;
}

function byteLengthOf(record: string | Buffer): number {
  return Buffer.byteLength(record);
}
