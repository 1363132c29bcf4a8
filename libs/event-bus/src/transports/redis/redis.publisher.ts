import { NotConnectedError, PublishRefusedError, PublishUnconfirmedError } from '../../errors.js';
import { bodyOf } from '../event.transport.js';
import type { OutgoingMessage, PublishOutcome } from '../event.transport.js';
import type { RedisConnection } from './redis.connection.js';
import { causeOf, isNotSent, isReplyError } from './redis.errors.js';

/** Sends messages with PUBLISH and SPUBLISH, in the order given. */
export class RedisPublisher {
  constructor(private readonly connection: RedisConnection) {}

  publish(messages: readonly OutgoingMessage[]): Promise<readonly PublishOutcome[]> {
    return Promise.all(messages.map((message) => this.send(message)));
  }

  private async send(message: OutgoingMessage): Promise<PublishOutcome> {
    if (!this.connection.isUp) return { error: new NotConnectedError() };
    const { kind, channel } = message;
    const { redis } = this.connection;
    const body = bodyOf(message);
    try {
      const send = kind === 'shard' ? redis.spublish(channel, body) : redis.publish(channel, body);
      // A string where the user has set `stringNumbers`.
      return { subscriptions: Number(await send) };
    } catch (error) {
      if (isNotSent(error)) return { error: new NotConnectedError() };
      const cause = causeOf(error);
      if (isReplyError(cause)) return { error: new PublishRefusedError(channel, { cause }) };
      return { error: new PublishUnconfirmedError(channel, { cause }) };
    }
  }
}
