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

export interface DecodedEvent {
  readonly payload: unknown;
  readonly metadata: EventMetadata;
  /**
   * The answer to a request, where the codec carries such: nobody gets it but who waits for answers.
   * @default false
   */
  readonly isReply?: boolean;
}

/** Turns payloads into bytes and back. Knows nothing of transports and handlers. Synchronous. */
export interface EventCodec {
  /** What logs and snapshots call it. */
  readonly name: string;
  /** @throws PayloadEncodeError when the payload has no form in this codec. */
  encode(payload: unknown, channel: string): string | Buffer;
  /** @throws PayloadDecodeError when the bytes are not what this codec writes or reads. */
  decode(body: Buffer, channel: string): DecodedEvent;
}

/** Frozen, so that one object can stand for every event without metadata. */
export const NO_METADATA: EventMetadata = Object.freeze(Object.create(null) as EventMetadata);
