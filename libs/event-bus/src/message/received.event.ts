import { ignoreRejection, isThenable } from '../foreign.js';
import { PayloadDecodeError } from '../errors.js';
import type { EventDecoder, EventMetadata, EventStamp } from './event.codec.js';
import { NO_METADATA } from './event.codec.js';
import { weightOf } from './payload.weight.js';

/**
 * One received event, alone in a message or in a frame with others; shared by all handlers that get it. Its payload is decoded
 * once, and once more for each handler whose event was parked because it was pending for long.
 */
export class ReceivedEvent {
  /** The decoded payload, after {@link decode}. */
  payload: unknown = undefined;
  metadata: EventMetadata = NO_METADATA;
  /** Its position among the publisher's events. Absent if the publisher set none. */
  stamp: EventStamp | undefined = undefined;
  /** Whether it is the reply to a request, not an event. */
  isReply = false;
  private isDecoded = false;
  /** Released once all handlers have it: events may be pending for long. */
  private body: string | Buffer | undefined;
  private knownWeight: number | undefined = undefined;
  private parkedTwin: ReceivedEvent | undefined = undefined;

  constructor(
    /** Without the application's prefix. */
    readonly channel: string,
    body: string | Buffer,
    private readonly codec: EventDecoder,
    /** Date.now() when the message arrived. */
    readonly receivedAtMs: number,
    /** Its size as received. */
    readonly bytes: number = typeof body === 'string' ? Buffer.byteLength(body) : body.length,
  ) {
    this.body = body;
  }

  /**
   * Reads all properties of the codec's result here, where an error of a getter is handled.
   * @throws PayloadDecodeError when the codec cannot decode the bytes; any error of a broken codec.
   */
  decode(): this {
    if (this.isDecoded) return this;
    const decoded: unknown = this.codec.decode(this.body as string | Buffer, this.channel);
    if (typeof decoded !== 'object' || decoded === null) throw notDecoded(decoded);
    const { payload, metadata, stamp, isReply, then } = decoded as Decoded;
    if (typeof then === 'function') throw notDecoded(decoded);
    this.payload = payload;
    if (typeof metadata === 'object' && metadata !== null) this.metadata = metadata;
    if (stamp !== undefined && isStamp(stamp)) this.stamp = stamp;
    this.isReply = isReply === true;
    this.isDecoded = true;
    return this;
  }

  /** Its bytes, until they are decoded. */
  get unread(): string | Buffer | undefined {
    return this.isDecoded ? undefined : this.body;
  }

  /** The approximate memory that it uses once it is decoded. Exact only while it has its bytes. */
  get weight(): number {
    this.knownWeight ??= this.body === undefined ? this.bytes : weightOf(this.body);
    return this.knownWeight;
  }

  /** All its handlers have it: releases its bytes. */
  release(): void {
    this.body = undefined;
  }

  /** The same event as its own bytes only, for handlers where it is pending for long. Undefined once its bytes are released. */
  park(): ReceivedEvent | undefined {
    if (this.parkedTwin !== undefined || this.body === undefined) return this.parkedTwin;
    // A slice would keep the whole socket read, or the whole text of the frame, in memory.
    const own = Buffer.allocUnsafeSlow(this.bytes);
    if (typeof this.body === 'string') own.write(this.body);
    else this.body.copy(own);
    this.parkedTwin = new ReceivedEvent(this.channel, own, this.codec, this.receivedAtMs);
    this.parkedTwin.knownWeight = this.weight;
    return this.parkedTwin;
  }

  /**
   * On the result of {@link park}: decodes the event again, for one of the handlers.
   * @throws an error of its codec
   */
  unpark(): ReceivedEvent {
    const event = new ReceivedEvent(this.channel, this.body as Buffer, this.codec, this.receivedAtMs);
    event.knownWeight = this.knownWeight;
    event.decode();
    event.release();
    return event;
  }
}

/** What a codec may return, including a promise if it breaks its contract. */
type Decoded = Partial<ReturnType<EventDecoder['decode']>> & { readonly then?: unknown };

function notDecoded(decoded: unknown): PayloadDecodeError {
  ignoreRejection(decoded);
  const what = decoded === null ? 'null' : isThenable(decoded) ? 'a promise' : typeof decoded;
  return new PayloadDecodeError(`the codec returned ${what}. decode() must return { payload, metadata }.`);
}

function isStamp(stamp: EventStamp): boolean {
  return typeof stamp.publisher === 'string' && Number.isSafeInteger(stamp.sequence);
}
