import type { DecodedEvent, EventCodec, EventMetadata } from './event.codec.js';

/** One message as it came in, shared by every handler that takes it; its payload is decoded at most once. */
export class ReceivedEvent {
  private decoded: DecodedEvent | undefined;

  constructor(
    /** Without the application's prefix. */
    readonly channel: string,
    private readonly body: Buffer,
    private readonly codec: EventCodec,
    /** Date.now() when the message arrived. */
    readonly receivedAtMs: number,
  ) {}

  /** @throws PayloadDecodeError when the bytes are not what the codec reads. */
  decode(): void {
    this.decoded ??= this.codec.decode(this.body, this.channel);
  }

  get payload(): unknown {
    this.decode();
    return this.decoded?.payload;
  }

  get metadata(): EventMetadata {
    this.decode();
    return (this.decoded as DecodedEvent).metadata;
  }

  /** The answer to a request, which is no event. */
  get isReply(): boolean {
    this.decode();
    return this.decoded?.isReply ?? false;
  }
}
