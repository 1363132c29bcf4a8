import { argumentOf, optionProblems, throwFirst, trueOrFalse, unknownOptions } from '../option.checks.js';
import type { DecodedEvent, EventFrames } from './event.codec.js';
import { SEPARATOR_BYTE, countRecords, jsonSequenceIn, toJsonSequence } from './json-sequence.js';

/** Options of the codecs that can pack several events into one message. */
export interface FrameOptions {
  /**
   * Sends the events that are published to a channel within one tick as one message, a JSON text sequence (RFC 7464). A single
   * event is sent without a frame. Subscribers of this package read both without an option. Other subscribers must support the
   * format.
   * @default false
   */
  readonly frames?: boolean | undefined;
}

/** Frames of a codec whose messages are JSON texts. */
export function jsonFrames(areSent: boolean, decode: (record: string | Buffer) => DecodedEvent): EventFrames {
  return {
    areSent,
    bytesPerEvent: 2,
    firstByte: SEPARATOR_BYTE,
    join: toJsonSequence,
    split: jsonSequenceIn,
    count: countRecords,
    decode,
  };
}

/** @throws InvalidOptionError when `frames` is neither true, false nor undefined, and for an unknown option. */
export function framesWanted(codec: string, options: FrameOptions, known: readonly string[]): boolean {
  const nameOf = argumentOf(codec);
  throwFirst(optionProblems({ frames: trueOrFalse }, options, nameOf));
  throwFirst(unknownOptions(known, options, nameOf));
  return options.frames ?? false;
}
