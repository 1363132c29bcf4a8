import {
  NotConnectedError,
  PublishBufferFullError,
  PublishRefusedError,
  PublishUnconfirmedError,
} from '../../errors.js';
import { bodyOf } from '../event.transport.js';
import type { MessageBody, OutgoingMessage, PublishOutcome } from '../event.transport.js';
import { DeliveryEstimate } from './delivery.estimate.js';
import { countIn } from './odd.reply.js';
import type { RedisConnection } from './redis.connection.js';
import { explainRefusal, isInsideScript, isNotSent, isReplyError } from './redis.errors.js';

/**
 * So much may wait in the socket of a server that does not read: memory stays bounded until the heartbeat ends the
 * link. A burst that a healthy server has not read yet counts as well.
 */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;

export type Settle = (outcome: PublishOutcome) => void;

/** What publishing needs of its connection. */
export interface PublishLink extends Pick<
  RedisConnection,
  'isWritable' | 'call' | 'causeOf' | 'distrust' | 'prove'
> {
  readonly redis: {
    publish(channel: string, body: MessageBody): Promise<unknown>;
    spublish(channel: string, body: MessageBody): Promise<unknown>;
  };
  readonly stream: PublishStream;
}

/** The socket, another one with each link. */
export interface PublishStream {
  readonly writableLength: number;
  cork(): void;
  uncork(): void;
  on(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
}

/** Writes one message as one command, as far as the socket takes more, and reads what the server says to it. */
export class PublishWriter {
  private readonly estimate = new DeliveryEstimate();
  private isAwaitingDrain = false;

  constructor(
    private readonly link: PublishLink,
    /** Called when the socket has sent what it refused more for. */
    private readonly writable: () => void,
  ) {}

  /** The bytes of a message, or why there is no use in making them. */
  take(message: OutgoingMessage): MessageBody | { readonly error: Error } {
    const hindrance = this.hindrance();
    if (hindrance !== undefined) return { error: hindrance };
    try {
      return bodyOf(message);
    } catch (error) {
      return { error: error as Error };
    }
  }

  /** Why nothing can be written right now: asked before the body is made. */
  hindrance(): NotConnectedError | PublishBufferFullError | undefined {
    if (!this.link.isWritable) return new NotConnectedError();
    if (this.link.stream.writableLength <= MAX_UNSENT_BYTES) return undefined;
    this.awaitDrain();
    return new PublishBufferFullError('64 MiB');
  }

  /** How many deliveries an event on this channel will make, by the last one. */
  deliveriesOf(channel: string): number {
    return this.estimate.of(channel);
  }

  write({ kind, channel }: OutgoingMessage, body: MessageBody, settle: Settle): void {
    const { redis } = this.link;
    const answer = kind === 'shard' ? redis.spublish(channel, body) : redis.publish(channel, body);
    answer.then(
      (reply: unknown) => {
        const count = countIn(reply);
        if (count !== undefined) settle(this.accepted(channel, count));
        else settle(this.failed(channel, this.link.distrust('publish')));
      },
      (error: unknown) => settle(this.failed(channel, error)),
    );
  }

  /** The server has published it, and counts so many subscriptions. */
  accepted(channel: string, count: number): PublishOutcome {
    this.link.prove();
    this.estimate.saw(channel, count);
    return { subscriptions: count };
  }

  /** @param error of the driver, or what the server said */
  failed(channel: string, error: unknown): PublishOutcome {
    if (isNotSent(error)) return { error: new NotConnectedError() };
    const cause = this.link.causeOf(error);
    if (!isReplyError(cause) || isInsideScript(cause)) {
      return { error: new PublishUnconfirmedError(channel, { cause }) };
    }
    return { error: new PublishRefusedError(channel, { cause, reason: explainRefusal(cause, channel) }) };
  }

  private awaitDrain(): void {
    if (this.isAwaitingDrain) return;
    this.isAwaitingDrain = true;
    const { stream } = this.link;
    const settled = () => {
      stream.off('drain', settled);
      stream.off('close', settled);
      this.isAwaitingDrain = false;
      if (this.link.isWritable) this.writable();
    };
    stream.on('drain', settled);
    stream.on('close', settled);
  }
}
