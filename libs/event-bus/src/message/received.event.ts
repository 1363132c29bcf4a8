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
  /** Let go once everybody has it: events may wait for their handlers for long. */
  private body: string | Buffer | undefined;
  private knownWeight: number | undefined = undefined;
  private parkedTwin: ReceivedEvent | undefined = undefined;
  private isDecoded = false;
  private decodedPayload: unknown = undefined;
  private decodedMetadata: EventMetadata = NO_METADATA;
  private decodedStamp: EventStamp | undefined = undefined;
  private decodedIsReply = false;

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
  decode(): void {
    if (this.isDecoded) return;
    const decoded: unknown = this.codec.decode(this.body as string | Buffer, this.channel);
    if (typeof decoded !== 'object' || decoded === null || isThenable(decoded)) throw notDecoded(decoded);
    const { payload, metadata, stamp, isReply } = decoded as Partial<ReturnType<EventDecoder['decode']>>;
    this.decodedPayload = payload;
    if (typeof metadata === 'object' && metadata !== null) this.decodedMetadata = metadata;
    if (stamp !== undefined && isStamp(stamp)) this.decodedStamp = stamp;
    this.decodedIsReply = isReply === true;
    this.isDecoded = true;
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

  get payload(): unknown {
    this.decode();
    return this.decodedPayload;
  }

  get metadata(): EventMetadata {
    this.decode();
    return this.decodedMetadata;
  }

  /** Which of its publisher's events it is. Absent where the publisher gave no number. */
  get stamp(): EventStamp | undefined {
    this.decode();
    return this.decodedStamp;
  }

  /** The answer to a request, which is no event. */
  get isReply(): boolean {
    this.decode();
    return this.decodedIsReply;
  }
}

function notDecoded(decoded: unknown): PayloadDecodeError {
  ignoreRejection(decoded);
  const what = decoded === null ? 'null' : isThenable(decoded) ? 'a promise' : typeof decoded;
  return new PayloadDecodeError(`the codec returned ${what}. decode() must return { payload, metadata }.`);
}

function isStamp(stamp: EventStamp): boolean {
  return typeof stamp.publisher === 'string' && Number.isSafeInteger(stamp.sequence);
}
