import { ignoreRejection, isThenable } from '../foreign.js';
import { PayloadDecodeError } from '../errors.js';
import type { EventDecoder, EventMetadata, EventStamp } from './event.codec.js';
import { NO_METADATA } from './event.codec.js';
import { weightOf } from './payload.weight.js';

/**
 * One event as it came in, alone in a message or in a frame of several; shared by every handler that takes it. Its payload is
 * decoded once, and once more for each handler whose events wait for so long that they were parked.
 */
export class ReceivedEvent {
  /** How many bytes it came in. */
  readonly bytes: number;
  /** What its codec has read, from {@link decode} on. */
  payload: unknown = undefined;
  metadata: EventMetadata = NO_METADATA;
  /** Which of its publisher's events it is. Absent where the publisher gave no number. */
  stamp: EventStamp | undefined = undefined;
  /** The answer to a request, which is no event. */
  isReply = false;
  private isDecoded = false;
  /** Let go once everybody has it: events may wait for their handlers for long. */
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
  ) {
    this.bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    this.body = body;
  }

  /**
   * Reads all that the codec returns: later nobody is prepared for what a property of it may throw.
   * @throws PayloadDecodeError when the bytes are not what the codec reads; what a codec throws that is broken.
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

  /** Its bytes, as long as nobody has read them. */
  get unread(): string | Buffer | undefined {
    return this.isDecoded ? undefined : this.body;
  }

  /** How much memory it takes once it is decoded, about. Only known for sure while it has its bytes. */
  get weight(): number {
    this.knownWeight ??= this.body === undefined ? this.bytes : weightOf(this.body);
    return this.knownWeight;
  }

  /** Everybody who is to get it has it: its bytes go. */
  release(): void {
    this.body = undefined;
  }

  /** The same event as bytes alone, of its own, for those who wait for long. Undefined once its bytes are gone. */
  park(): ReceivedEvent | undefined {
    if (this.parkedTwin !== undefined || this.body === undefined) return this.parkedTwin;
    // A part of what a socket read, or of a frame's text, would keep all of it.
    const own = Buffer.allocUnsafeSlow(this.bytes);
    if (typeof this.body === 'string') own.write(this.body);
    else this.body.copy(own);
    this.parkedTwin = new ReceivedEvent(this.channel, own, this.codec, this.receivedAtMs);
    this.parkedTwin.knownWeight = this.weight;
    return this.parkedTwin;
  }

  /**
   * Of what {@link park} returned: the event, decoded once more, for one of those who waited.
   * @throws what its codec throws.
   */
  unpark(): ReceivedEvent {
    const event = new ReceivedEvent(this.channel, this.body as Buffer, this.codec, this.receivedAtMs);
    event.knownWeight = this.knownWeight;
    event.decode();
    event.release();
    return event;
  }
}

/** What a codec may return: a promise, where it breaks its promise. */
type Decoded = Partial<ReturnType<EventDecoder['decode']>> & { readonly then?: unknown };

function notDecoded(decoded: unknown): PayloadDecodeError {
  ignoreRejection(decoded);
  const what = decoded === null ? 'null' : isThenable(decoded) ? 'a promise' : typeof decoded;
  return new PayloadDecodeError(`the codec returned ${what}. decode() must return { payload, metadata }.`);
}

function isStamp(stamp: EventStamp): boolean {
  return typeof stamp.publisher === 'string' && Number.isSafeInteger(stamp.sequence);
}
