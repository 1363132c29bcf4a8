import type { DecodedEvent, EventCodec, EventMetadata, EventStamp } from './event.codec.js';

/** One message as it came in, shared by every handler that takes it; its payload is decoded at most once. */
export class ReceivedEvent {
  /** How long the message was. */
  readonly bytes: number;
  /** Let go once it is decoded: events may wait for their handlers for long. */
  private body: Buffer | undefined;
  private decoded: DecodedEvent | undefined;

  constructor(
    /** Without the application's prefix. */
    readonly channel: string,
    body: Buffer,
    private readonly codec: EventCodec,
    /** Date.now() when the message arrived. */
    readonly receivedAtMs: number,
  ) {
    this.bytes = body.length;
    this.body = body;
  }

  /** @throws PayloadDecodeError when the bytes are not what the codec reads. */
  decode(): void {
    if (this.decoded !== undefined) return;
    this.decoded = this.codec.decode(this.body as Buffer, this.channel);
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
