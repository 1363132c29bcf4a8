import { NotConnectedError, PublishRefusedError, PublishUnconfirmedError } from '../../errors.js';
import type { PublishOutcome } from '../event.transport.js';
import { countIn } from './odd.reply.js';
import type { PublishLink } from './redis.publisher.js';
import { explainRefusal, isNotSent, isReplyError } from './redis.errors.js';

/** Derives the outcome of messages from the server's answers. */
export class PublishAnswers {
  constructor(private readonly link: Pick<PublishLink, 'causeOf' | 'distrust' | 'isProved'>) {}

  /** @param reply to PUBLISH or SPUBLISH */
  replied(channel: string, reply: unknown): PublishOutcome {
    const count = countIn(reply);
    if (count !== undefined) return this.accepted(count);
    return this.failed(channel, this.link.distrust('publish'));
  }

  /** The server has published it, and reports this number of subscriptions. */
  accepted(count: number): PublishOutcome {
    this.link.isProved = true;
    return { subscriptions: count };
  }

  /** @param error of the driver, or the server's answer */
  failed(channel: string, error: unknown): PublishOutcome {
    if (isNotSent(error)) return { error: new NotConnectedError() };
    const cause = this.link.causeOf(error);
    if (!isReplyError(cause)) return { error: new PublishUnconfirmedError(channel, { cause }) };
    return { error: new PublishRefusedError(channel, { cause, reason: explainRefusal(cause, channel) }) };
  }
}
