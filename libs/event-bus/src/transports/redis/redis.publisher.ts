import { NotConnectedError, PublishRefusedError, PublishUnconfirmedError } from '../../errors.js';
import { bodyOf } from '../event.transport.js';
import type { MessageBody, OutgoingMessage, PublishOutcome } from '../event.transport.js';
import type { RedisConnection } from './redis.connection.js';
import { causeOf, explainRefusal, isNotSent, isReplyError } from './redis.errors.js';

/**
 * So much may wait in the socket of a server that does not read: memory stays bounded until the heartbeat ends the
 * link. A burst that a healthy server has not read yet counts as well.
 */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;

/** Sends messages with PUBLISH and SPUBLISH, in the order given. */
export class RedisPublisher {
  private isAwaitingDrain = false;

  constructor(
    private readonly connection: RedisConnection,
    /** Called when the socket has sent what it refused more for. */
    private readonly sendable: () => void,
  ) {}

  publish(messages: readonly OutgoingMessage[]): Promise<readonly PublishOutcome[]> {
    return Promise.all(messages.map((message) => this.send(message)));
  }

  private async send(message: OutgoingMessage): Promise<PublishOutcome> {
    const hindrance = this.hindrance();
    if (hindrance !== undefined) return { error: hindrance };
    let body: MessageBody;
    try {
      body = bodyOf(message);
    } catch (error) {
      return { error: error as Error };
    }
    const { kind, channel } = message;
    const { redis } = this.connection;
    try {
      const send = kind === 'shard' ? redis.spublish(channel, body) : redis.publish(channel, body);
      // A string where the user has set `stringNumbers`.
      return { subscriptions: Number(await send) };
    } catch (error) {
      if (isNotSent(error)) return { error: new NotConnectedError() };
      const cause = causeOf(error);
      if (isReplyError(cause)) {
        const reason = explainRefusal(cause, channel);
        return { error: new PublishRefusedError(channel, { cause, reason }) };
      }
      return { error: new PublishUnconfirmedError(channel, { cause }) };
    }
  }

  /** Why nothing can be written right now: asked before the body is made. */
  private hindrance(): NotConnectedError | undefined {
    if (!this.connection.isWritable) return new NotConnectedError();
    if (this.connection.redis.stream.writableLength <= MAX_UNSENT_BYTES) return undefined;
    this.awaitDrain();
    return new NotConnectedError('64 MiB are waiting to be sent already');
  }

  private awaitDrain(): void {
    if (this.isAwaitingDrain) return;
    this.isAwaitingDrain = true;
    const { stream } = this.connection.redis;
    const settled = () => {
      stream.off('drain', settled).off('close', settled);
      this.isAwaitingDrain = false;
      if (this.connection.isWritable) this.sendable();
    };
    stream.on('drain', settled).on('close', settled);
  }
}
