/** What a codec carries beside the payload. Empty when the codec carries none, as plain JSON. */
export interface EventMetadata {
  readonly [key: string]: unknown;
  /** Identifies the event. */
  readonly id?: string;
  /** Who published it. */
  readonly source?: string;
  /** When it was published, RFC 3339. */
  readonly time?: string;
  /** W3C Trace Context. */
  readonly traceparent?: string;
}

/** Metadata that the publisher adds to an event, by name. */
export type EventHeaders = Readonly<Record<string, string>>;

/** Which of a publisher's events on a channel it is: what a receiver counts missing events by. */
export interface EventStamp {
  /** Identifies the publisher, and the channel's count: a new one begins a new count. */
  readonly publisher: string;
  /** 1 for the first, and one more for each that was sent. */
  readonly sequence: number;
}

/** A stamp adds at most this many bytes to a body. */
export const MAX_STAMP_BYTES = 128;

/** One event as a codec reads it. */
export interface DecodedEvent {
  /** What handlers get, before a contract's schema. */
  readonly payload: unknown;
  /** What the message carries beside the payload: `NO_METADATA`, an empty object, when it carries none. */
  readonly metadata: EventMetadata;
  /** Absent where the publisher gave none. */
  readonly stamp?: EventStamp;
  /**
   * The answer to a request, where the codec carries such: nobody gets it but who waits for answers.
   * @default false
   */
  readonly isReply?: boolean;
}

/** What turns the bytes of one event into the event. */
export interface EventDecoder {
  /**
   * May be asked twice for one event, which has waited for long.
   * @throws PayloadDecodeError when they are not what it reads.
   */
  decode(body: string | Buffer, channel: string): DecodedEvent;
}

/** Frames: several events of one channel in one message. */
export interface EventFrames extends EventDecoder {
  /** Whether publishers make them. Those of others are always read. */
  readonly areSent: boolean;
  /** What every frame begins with, and no message that is none: `split` is asked about those alone. @default about every message */
  readonly firstByte?: number;
  /** One message of what `encode`, or `stamp`, returned for each event, in their order. */
  join(bodies: readonly (string | Buffer)[]): string | Buffer;
  /** The events in a message, for `decode`; at least one. Undefined when it is no frame. Must not throw. */
  split(body: Buffer): readonly (string | Buffer)[] | undefined;
  /** How many events `split` would make of a message, or more; 0 when it is no frame. Must not throw. @default not counted before it is split */
  count?(body: Buffer): number;
  /** What each event adds to the bytes of a frame. */
  readonly bytesPerEvent: number;
}

/** Turns payloads into bytes and back. Knows nothing of transports and handlers. Synchronous. */
export interface EventCodec {
  /** What logs and snapshots call it. */
  readonly name: string;
  /** Whether events carry an `id` and the publisher's headers. @default false */
  readonly carriesMetadata?: boolean;
  /**
   * `headers` only where the codec carries metadata.
   * @throws PayloadEncodeError when the payload has no form in this codec.
   */
  encode(payload: unknown, channel: string, headers?: EventHeaders): string | Buffer;
  /**
   * Adds the stamp to what `encode` returned, at the moment when it is sent. At most {@link MAX_STAMP_BYTES} more. Must
   * not throw. Absent where the codec carries no stamps.
   */
  stamp?(body: string | Buffer, stamp: EventStamp): string | Buffer;
  /**
   * May be asked twice for one event, which has waited for long.
   * @throws PayloadDecodeError when the bytes are not what this codec writes or reads.
   */
  decode(body: Buffer, channel: string): DecodedEvent;
  /** Absent where a message is always one event. */
  readonly frames?: EventFrames;
}

/** Frozen, so that one object can stand for every event without metadata. */
export const NO_METADATA: EventMetadata = Object.freeze(Object.create(null) as EventMetadata);
