import type { EventBusError } from '../errors.js';
import { PayloadDecodeError, PayloadTooLargeError, reasonOf } from '../errors.js';
import { contractOf } from '../contracts/contract.target.js';
import type { GapReporter } from '../gaps/gap.reporter.js';
import { EventContext } from '../message/event-context.js';
import type { EventCodec, EventDecoder } from '../message/event.codec.js';
import { NO_METADATA } from '../message/event.codec.js';
import { ReceivedEvent } from '../message/received.event.js';
import type { ChannelPrefix } from '../routing/channel-prefix.js';
import { paramsIn } from '../routing/event-target.js';
import type { KeyEvent } from '../routing/key-event.channel.js';
import { isKeyEventChannel } from '../routing/key-event.channel.js';
import type { SubscriptionPlan } from '../routing/subscription-plan.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { DeadLetterOffice } from './dead.letter.js';
import { errorOfLetter, toBase64 } from './dead.letter.js';
import type { DispatchObserver } from './dispatch.observer.js';
import type { EventDispatcher } from './event.dispatcher.js';
import type { EventHandler } from './event.handler.js';
import { keyEventCodec } from './key-event.codec.js';

export interface ReceiverSettings {
  readonly bus: string;
  readonly codec: EventCodec;
  readonly prefix: ChannelPrefix;
  readonly maxPayloadBytes: number;
}

/** Who gets what a receiver makes of messages. */
export interface ReceiverServices {
  readonly dispatcher: EventDispatcher;
  readonly observer: DispatchObserver;
  readonly deadLetters: DeadLetterOffice;
  readonly gaps: GapReporter;
}

/** A message that is no event: nobody can read it. */
interface Unreadable {
  readonly channel: string;
  readonly body: Buffer;
  readonly error: EventBusError;
}

/** Turns a message into events for the handlers that are to get it. Never throws. */
export class EventReceiver {
  private isOpen = true;
  private messageCount = 0;
  private unmatchedCount = 0;

  constructor(
    private readonly options: ReceiverSettings,
    private readonly plan: SubscriptionPlan<EventHandler>,
    private readonly services: ReceiverServices,
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

  receive(through: SubscriptionTarget, rawChannel: string, body: Buffer, node?: string): void {
    if (!this.isOpen) return;
    const { codec, maxPayloadBytes } = this.options;
    const { frames } = codec;
    // One that is too large is refused as a whole, and the name of a key is no frame.
    const isOne = body.length > maxPayloadBytes || isKeyEventChannel(rawChannel);
    const records = isOne ? undefined : frames?.split(body);
    if (frames === undefined || records === undefined)
      this.receiveOne(through, rawChannel, body, codec, node);
    else for (const record of records) this.receiveOne(through, rawChannel, record, frames);
  }

  private receiveOne(
    through: SubscriptionTarget,
    rawChannel: string,
    body: string | Buffer,
    decoder: EventDecoder,
    node?: string,
  ): void {
    this.messageCount += 1;
    let event: ReceivedEvent | Unreadable | undefined;
    for (const { consumer: handler, target } of this.plan.routesFor(through, rawChannel)) {
      event ??= this.read(this.options.prefix.strip(rawChannel), body, decoder, node);
      if (!(event instanceof ReceivedEvent)) {
        this.bury(handler, event);
        continue;
      }
      if (event.isReply && handler.takesReplies !== true) continue;
      if (handler.acceptsKey !== undefined && !acceptsKey(handler.acceptsKey, event)) continue;
      const pattern = target.subscription.kind === 'pattern' ? target.text : undefined;
      const params = paramsIn(target, event.channel);
      const context = new EventContext(event, pattern, this.options.bus, params, contractOf(target));
      this.services.dispatcher.dispatch(handler, context);
    }
    if (event === undefined && this.plan.isUnmatched(through, rawChannel)) this.unmatchedCount += 1;
  }

  private read(
    channel: string,
    body: string | Buffer,
    decoder: EventDecoder,
    node?: string,
  ): ReceivedEvent | Unreadable {
    const { maxPayloadBytes } = this.options;
    if (body.length > maxPayloadBytes) {
      return this.refuse(channel, body, new PayloadTooLargeError(channel, body.length, maxPayloadBytes));
    }
    const isKeyEvent = isKeyEventChannel(channel);
    const event = new ReceivedEvent(channel, body, isKeyEvent ? keyEventCodec(node) : decoder, Date.now());
    try {
      event.decode();
    } catch (error) {
      return this.refuse(channel, body, asDecodeError(error));
    }
    if (!isKeyEvent) this.services.gaps.received(channel, event.stamp, event.receivedAtMs);
    return event;
  }

  private refuse(channel: string, body: string | Buffer, error: EventBusError): Unreadable {
    this.services.observer.rejected(channel, error);
    return { channel, body: typeof body === 'string' ? Buffer.from(body) : body, error };
  }

  /** The dead letter of a handler that wants one; the bytes stay out where they were too many already. */
  private bury(handler: EventHandler, { channel, body, error }: Unreadable): void {
    const deadLetter = handler.settings?.deadLetter;
    if (deadLetter === undefined || deadLetter === false) return;
    const content = error instanceof PayloadTooLargeError ? {} : { base64: toBase64(body) };
    const receivedAt = new Date().toISOString();
    void this.services.deadLetters.send(deadLetter, {
      event: { channel, ...content, bytes: body.length, metadata: NO_METADATA, receivedAt },
      error: errorOfLetter(error),
      handler: handler.name,
      bus: this.options.bus,
      attempts: 0,
    });
  }
}

/** A handler may take key events and others. */
function acceptsKey(accepts: (event: KeyEvent) => boolean, { channel, payload }: ReceivedEvent): boolean {
  return !isKeyEventChannel(channel) || accepts(payload as KeyEvent);
}

/** A codec of the application's own may throw anything. */
function asDecodeError(error: unknown): PayloadDecodeError {
  return error instanceof PayloadDecodeError
    ? error
    : new PayloadDecodeError(`the codec failed: ${reasonOf(error)}.`, { cause: error });
}
