import type { DecodedEvent, EventDecoder, EventMetadata, EventStamp } from './event.codec.js';

/**
 * One event as it came in, alone in a message or in a frame of several; shared by every handler that takes it. Its payload is
 * decoded at most once.
 */
export class ReceivedEvent {
  /** How many bytes it came in. */
  readonly bytes: number;
  /** Let go once it is decoded: events may wait for their handlers for long. */
  private body: string | Buffer | undefined;
  private decoded: DecodedEvent | undefined;

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

  /** @throws PayloadDecodeError when the bytes are not what the codec reads. */
  decode(): void {
    if (this.decoded !== undefined) return;
    this.decoded = this.codec.decode(this.body as string | Buffer, this.channel);
    this.body = undefined;
  }

  get payload(): unknown {
    this.decode();
    return this.decoded?.payload;
  }

  get metadata(): EventMetadata {
    this.decode();
    return (this.decoded as DecodedEvent).metadata;
  }

  /** Which of its publisher's events it is. Absent where the publisher gave no number. */
  get stamp(): EventStamp | undefined {
    this.decode();
    return this.decoded?.stamp;
  }

  /** The answer to a request, which is no event. */
  get isReply(): boolean {
    this.decode();
    return this.decoded?.isReply ?? false;
  }
}
