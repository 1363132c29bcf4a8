import { PayloadDecodeError, PayloadTooLargeError, reasonOf } from '../errors.js';
import { contractOf } from '../contracts/contract.target.js';
import { EventContext } from '../message/event-context.js';
import type { EventCodec } from '../message/event.codec.js';
import { ReceivedEvent } from '../message/received.event.js';
import type { ChannelPrefix } from '../routing/channel-prefix.js';
import { paramsIn } from '../routing/event-target.js';
import type { SubscriptionPlan } from '../routing/subscription-plan.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { DispatchObserver } from './dispatch.observer.js';
import type { EventDispatcher } from './event.dispatcher.js';
import type { EventHandler } from './event.handler.js';

export interface ReceiverSettings {
  readonly bus: string;
  readonly codec: EventCodec;
  readonly prefix: ChannelPrefix;
  readonly maxPayloadBytes: number;
}

/** Turns a message into events for the handlers that are to get it. Never throws. */
export class EventReceiver {
  private isOpen = true;
  private messageCount = 0;
  private unmatchedCount = 0;

  constructor(
    private readonly options: ReceiverSettings,
    private readonly plan: SubscriptionPlan<EventHandler>,
    private readonly dispatcher: EventDispatcher,
    private readonly observer: DispatchObserver,
  ) {}

  /** Messages that came in, handled or not. */
  get receivedMessages(): number {
    return this.messageCount;
  }

  /** Messages that Redis' glob let through and that no handler's template means. */
  get unmatchedMessages(): number {
    return this.unmatchedCount;
  }

  /** From now on messages are dropped: the bus is shutting down. */
  close(): void {
    this.isOpen = false;
  }

  receive(through: SubscriptionTarget, rawChannel: string, body: Buffer): void {
    if (!this.isOpen) return;
    this.messageCount += 1;
    let event: ReceivedEvent | undefined;
    let isWanted = false;
    for (const handler of this.plan.consumersOf(through)) {
      const target = this.plan.accept(handler, through, rawChannel);
      if (target === undefined) continue;
      isWanted = true;
      event ??= this.read(this.options.prefix.strip(rawChannel), body);
      if (event === undefined) return;
      if (event.isReply && handler.takesReplies !== true) continue;
      const pattern = target.subscription.kind === 'pattern' ? target.text : undefined;
      const params = paramsIn(target, event.channel);
      const context = new EventContext(event, pattern, this.options.bus, params, contractOf(target));
      this.dispatcher.dispatch(handler, context);
    }
    if (!isWanted && this.plan.isUnmatched(through, rawChannel)) this.unmatchedCount += 1;
  }

  /** Undefined when the message was rejected, which the observer has heard by then. */
  private read(channel: string, body: Buffer): ReceivedEvent | undefined {
    const { codec, maxPayloadBytes } = this.options;
    if (body.length > maxPayloadBytes) {
      this.observer.rejected(channel, new PayloadTooLargeError(channel, body.length, maxPayloadBytes));
      return undefined;
    }
    const event = new ReceivedEvent(channel, body, codec, Date.now());
    try {
      event.decode();
      return event;
    } catch (error) {
      this.observer.rejected(channel, asDecodeError(error));
      return undefined;
    }
  }
}

/** A codec of the application's own may throw anything. */
function asDecodeError(error: unknown): PayloadDecodeError {
  return error instanceof PayloadDecodeError
    ? error
    : new PayloadDecodeError(`the codec failed: ${reasonOf(error)}.`, { cause: error });
}
