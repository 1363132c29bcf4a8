import { NotConnectedError, PublishRefusedError, PublishUnconfirmedError } from '../../errors.js';
import type { PublishOutcome } from '../event.transport.js';
import { DeliveryEstimate } from './delivery.estimate.js';
import { countIn } from './odd.reply.js';
import type { PublishLink } from './redis.publisher.js';
import { explainRefusal, isInsideScript, isNotSent, isReplyError } from './redis.errors.js';

/** Derives the outcome of messages from the server's answers. */
export class PublishAnswers {
  private readonly estimate = new DeliveryEstimate();

  constructor(private readonly link: Pick<PublishLink, 'causeOf' | 'distrust' | 'isProved'>) {}

  /** The expected number of deliveries of an event on this channel, from the last one. */
  deliveriesOf(channel: string): number {
    return this.estimate.of(channel);
  }

  /** @param reply to PUBLISH or SPUBLISH */
  replied(channel: string, reply: unknown): PublishOutcome {
    const count = countIn(reply);
    if (count !== undefined) return this.accepted(channel, count);
    return this.failed(channel, this.link.distrust('publish'));
  }

  /** The server has published it, and reports this number of subscriptions. */
  accepted(channel: string, count: number): PublishOutcome {
    this.link.isProved = true;
    this.estimate.saw(channel, count);
    return { subscriptions: count };
  }

  /** @param error of the driver, or the server's answer */
  failed(channel: string, error: unknown): PublishOutcome {
    if (isNotSent(error)) return { error: new NotConnectedError() };
    const cause = this.link.causeOf(error);
    if (!isReplyError(cause) || isInsideScript(cause)) {
      return { error: new PublishUnconfirmedError(channel, { cause }) };
    }
    return { error: new PublishRefusedError(channel, { cause, reason: explainRefusal(cause, channel) }) };
  }
}
