import type { EventCodec, EventStamp } from '../message/event.codec.js';
import type { MessageBody, OutgoingMessage } from '../transports/event.transport.js';
import { encodeFailure, encodedBody } from './encoded.body.js';
import type { SequenceIssuer } from './sequence.issuer.js';

/** A message that takes its number when it is sent, so that an unsent message takes none. */
export class SequencedMessage implements OutgoingMessage {
  private taken: EventStamp | undefined;

  readonly body = (): MessageBody => {
    this.taken = this.issuer.next(this.kind, this.channel);
    const { codec, encoded, taken } = this;
    if (codec.stamp === undefined) return encoded;
    try {
      return encodedBody(codec.stamp(encoded, taken));
    } catch (error) {
      throw encodeFailure(error);
    }
  };

  constructor(
    readonly kind: OutgoingMessage['kind'],
    readonly channel: string,
    private readonly encoded: MessageBody,
    private readonly codec: EventCodec,
    private readonly issuer: SequenceIssuer,
  ) {}

  /** It was not delivered. If it took a number, receivers must not count that as missing. */
  withdraw(): void {
    if (this.taken !== undefined) this.issuer.end(this.kind, this.channel, this.taken.publisher);
    this.taken = undefined;
  }
}
