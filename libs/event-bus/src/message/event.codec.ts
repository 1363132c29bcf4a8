/** The metadata that a codec sends with the payload. Empty if the codec carries none, like plain JSON. */
export interface EventMetadata {
  readonly [key: string]: unknown;
  /** Identifies the event. */
  readonly id?: string;
  /** Identifies the publisher. */
  readonly source?: string;
  /** When it was published, RFC 3339. */
  readonly time?: string;
  /** W3C Trace Context. */
  readonly traceparent?: string;
}

/** Metadata that the publisher adds to an event, by name. */
export type EventHeaders = Readonly<Record<string, string>>;

/** The position of an event among those of its publisher on a channel. Receivers detect missing events with it. */
export interface EventStamp {
  /** Identifies the publisher and its count on the channel: a new id starts a new count. */
  readonly publisher: string;
  /** 1 for the first event, and one more for each event that was sent. */
  readonly sequence: number;
}

/** A stamp adds at most this many bytes to a body. */
export const MAX_STAMP_BYTES = 128;

/** One decoded event. */
export interface DecodedEvent {
  /** The payload for handlers, before a contract's schema. */
  readonly payload: unknown;
  /** The metadata of the message: `NO_METADATA`, an empty object, if it has none. */
  readonly metadata: EventMetadata;
  /** Absent if the publisher set none. */
  readonly stamp?: EventStamp;
  /**
   * Whether it is the reply to a request, if the codec carries replies: only request senders receive it.
   * @default false
   */
  readonly isReply?: boolean;
}

/** Decodes the bytes of one event. */
export interface EventDecoder {
  /**
   * May be called twice for one event that was pending for long.
   * @throws PayloadDecodeError when it cannot decode the bytes.
   */
  decode(body: string | Buffer, channel: string): DecodedEvent;
}

/** Frames: several events of one channel in one message. */
export interface EventFrames extends EventDecoder {
  /** Whether publishers send frames. Received frames are always decoded. */
  readonly areSent: boolean;
  /**
   * The first byte of every frame, and of no other message: `split` is called only for messages with it. @default `split` is
   * called for every message
   */
  readonly firstByte?: number;
  /** Joins the results of `encode`, or `stamp`, for several events into one message, in order. */
  join(bodies: readonly (string | Buffer)[]): string | Buffer;
  /** Splits a message into its events, for `decode`; at least one. Undefined if it is no frame. Must not throw. */
  split(body: Buffer): readonly (string | Buffer)[] | undefined;
  /**
   * The number of events that `split` would return, or more; 0 if it is no frame. Must not throw. @default events are counted
   * only by splitting
   */
  count?(body: Buffer): number;
  /** The bytes that each event adds to a frame. */
  readonly bytesPerEvent: number;
}

/** Encodes payloads and decodes them. Independent of transports and handlers. Synchronous. */
export interface EventCodec {
  /** Its name in logs and snapshots. */
  readonly name: string;
  /** Whether events carry an `id` and the publisher's headers. @default false */
  readonly carriesMetadata?: boolean;
  /**
   * `headers` are passed only if the codec carries metadata.
   * @throws PayloadEncodeError when it cannot encode the payload.
   */
  encode(payload: unknown, channel: string, headers?: EventHeaders): string | Buffer;
  /**
   * The `id` in what `encode` returned, read without decoding it: samples of events are chosen by it. Must not throw. Absent if
   * events carry no id.
   */
  idOf?(body: string | Buffer): string | undefined;
  /**
   * Adds the stamp to what `encode` returned, when the event is sent. Adds at most {@link MAX_STAMP_BYTES}. Must not throw.
   * Absent if the codec carries no stamps.
   */
  stamp?(body: string | Buffer, stamp: EventStamp): string | Buffer;
  /**
   * May be called twice for one event that was pending for long.
   * @throws PayloadDecodeError when it cannot decode the bytes.
   */
  decode(body: Buffer, channel: string): DecodedEvent;
  /** Absent if a message is always one event. */
  readonly frames?: EventFrames;
}

/** Frozen, because all events without metadata share it. */
export const NO_METADATA: EventMetadata = Object.freeze(Object.create(null) as EventMetadata);
