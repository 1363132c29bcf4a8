import type { EventFrames } from '../message/event.codec.js';

/** The events in one message, each as its codec reads it. */
export type Records = readonly (string | Buffer)[];

/** A frame with too many events to be read. */
export class OverlongFrame {
  constructor(readonly events: number) {}
}

/**
 * The most events that a frame is read with. The smallest JSON object, `{"n":1}`, takes 9 bytes of a frame, so that 1 MiB,
 * the default of maxPayloadBytes, has room for 116,508: only a frame of bare values has more. Ours have far fewer.
 */
export const MAX_RECORDS = 131_072;

/** What is in a frame; undefined when it is none. Those that could be too many are counted first, as bytes. */
export function recordsIn(frames: EventFrames, body: Buffer): Records | OverlongFrame | undefined {
  try {
    const count = body.length > MAX_RECORDS ? (frames.count?.(body) ?? 0) : 0;
    const records = count > MAX_RECORDS ? undefined : frames.split(body);
    const length = records?.length ?? count;
    return length > MAX_RECORDS ? new OverlongFrame(length) : records;
  } catch {
    // A codec that breaks its promise gets the message as a whole.
    return undefined;
  }
}

export function countOf(records: Records | OverlongFrame | undefined): number {
  if (records === undefined) return 1;
  return records instanceof OverlongFrame ? records.events : records.length;
}
