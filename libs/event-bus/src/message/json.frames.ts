import { argumentOf, optionProblems, throwFirst, trueOrFalse, unknownOptions } from '../option.checks.js';
import type { DecodedEvent, EventFrames } from './event.codec.js';
import { SEPARATOR_BYTE, countRecords, jsonSequenceIn, toJsonSequence } from './json-sequence.js';

/** Options of the codecs that can pack several events into one message. */
export interface FrameOptions {
  /**
   * Sends what is published to a channel within one turn of the program as one message, a JSON text sequence
   * (RFC 7464); a single event stays what it is. Subscribers of this package read both without an option. Others have to
   * know of it.
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

/** @throws InvalidOptionError when it is neither true, false nor left out, or another option is there. */
export function framesWanted(codec: string, options: FrameOptions, known: readonly string[]): boolean {
  const nameOf = argumentOf(codec);
  throwFirst(optionProblems({ frames: trueOrFalse }, options, nameOf));
  throwFirst(unknownOptions(known, options, nameOf));
  return options.frames ?? false;
}
