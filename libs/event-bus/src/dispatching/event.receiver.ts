import type { EventBusError } from '../errors.js';
import { PayloadDecodeError, PayloadTooLargeError, reasonOf } from '../errors.js';
import { isA } from '../foreign.js';
import { contractOf } from '../contracts/contract.target.js';
import type { GapReporter } from '../gaps/gap.reporter.js';
import { EventContext } from '../message/event-context.js';
import type { EventCodec } from '../message/event.codec.js';
import { NO_METADATA } from '../message/event.codec.js';
import { ReceivedEvent } from '../message/received.event.js';
import type { ChannelPrefix } from '../routing/channel-prefix.js';
import { isBrokerChannel } from '../routing/channel-prefix.js';
import { paramsIn } from '../routing/handler-target.js';
import type { IncomingMessage } from '../routing/incoming.message.js';
import type { Route, SubscriptionPlan } from '../plan/subscription-plan.js';
import type { DeadLetterSink } from './dead.letter.js';
import { errorOfLetter, letterOf, toBase64 } from './dead.letter.js';
import type { DispatchReporter } from './dispatch.reporter.js';
import type { EventDispatcher, UnfinishedWork } from './event.dispatcher.js';
import type { EventHandler } from './event.handler.js';
import { MessageBacklog, RECORDS_PER_TURN } from './message.backlog.js';
import type { BrokerChannels, MessageReading } from './message.reading.js';
import type { Records } from './message.records.js';
import { MAX_RECORDS, OverlongFrame, countOf, recordsIn } from './message.records.js';

export interface ReceiverSettings {
  readonly bus: string;
  readonly codec: EventCodec;
  readonly prefix: ChannelPrefix;
  readonly maxPayloadBytes: number;
}

/** Who gets what a receiver makes of messages. */
export interface ReceiverServices {
  readonly dispatcher: EventDispatcher;
  readonly reporter: DispatchReporter;
  readonly deadLetters: DeadLetterSink;
  readonly gaps: GapReporter;
  readonly brokerChannels: BrokerChannels;
}

/** A message that is no event: nobody can read it. */
interface Unreadable {
  readonly channel: string;
  readonly body: Buffer;
  readonly error: EventBusError;
}

type Routes = readonly Route<EventHandler>[];

/** A message that waits for its turn. */
interface Delivery {
  readonly routes: Routes;
  readonly channel: string;
  readonly records: Records | OverlongFrame;
  readonly body: Buffer;
  readonly reading: MessageReading;
  readonly atMs: number;
}

/** Turns a message into events for the handlers that are to get it. Never throws. */
export class EventReceiver {
  private isOpen = true;
  private messageCount = 0;
  private unmatchedCount = 0;
  private readonly backlog = new MessageBacklog();
  /** Of a message that is one event, and of a frame's. */
  private readonly single: MessageReading;
  private readonly framed: MessageReading;

  constructor(
    private readonly options: ReceiverSettings,
    private readonly plan: SubscriptionPlan<EventHandler>,
    private readonly services: ReceiverServices,
  ) {
    const { codec } = options;
    this.single = { decoder: codec, isOfBroker: false };
    this.framed = { decoder: codec.frames ?? codec, isOfBroker: false };
  }

  /** Messages that came in, handled or not. */
  get receivedMessages(): number {
    return this.messageCount;
  }

  /** Messages that Redis' glob let through and that no handler's template means. */
  get unmatchedMessages(): number {
    return this.unmatchedCount;
  }

  /** Everything that came in was handed on. */
  get isIdle(): boolean {
    return this.backlog.isEmpty;
  }

  /** Resolves when it is idle. */
  whenIdle(): Promise<void> {
    return this.backlog.whenIdle();
  }

  /** From now on messages are dropped: the bus is shutting down. Returns what came in and was not handed on. */
  close(): readonly UnfinishedWork[] {
    this.isOpen = false;
    const waiting = new Map<string, number>();
    for (const { message, left } of this.backlog.clear())
      for (const { name } of message.handlers) waiting.set(name, (waiting.get(name) ?? 0) + left);
    return [...waiting].map(([handler, count]) => ({ handler, running: 0, waiting: count }));
  }

  receive({ through, channel: rawChannel, body, node }: IncomingMessage): void {
    if (!this.isOpen) return;
    const { codec, maxPayloadBytes, prefix } = this.options;
    const own = isBrokerChannel(rawChannel)
      ? this.services.brokerChannels.readingOf(rawChannel, node)
      : undefined;
    // One that is too large is refused as a whole.
    const frames = own !== undefined || body.length > maxPayloadBytes ? undefined : codec.frames;
    const records = frames === undefined ? undefined : recordsIn(frames, body);
    const events = countOf(records);
    this.messageCount += events;
    this.services.reporter.received(through, rawChannel, body.length, events);
    const routes = this.plan.routesFor(through, rawChannel);
    if (routes.length === 0) {
      if (this.plan.isUnmatched(through, rawChannel)) this.unmatchedCount += events;
      return;
    }
    const channel = prefix.strip(rawChannel);
    const atMs = Date.now();
    const reading = own ?? (records === undefined ? this.single : this.framed);
    if (!this.backlog.isEmpty || (Array.isArray(records) && events > RECORDS_PER_TURN)) {
      this.putOff({ routes, channel, records: records ?? [body], body, reading, atMs });
    } else if (records === undefined) this.handOn(routes, channel, body, reading, atMs);
    else if (records instanceof OverlongFrame) this.refuseFrame(routes, channel, body, events);
    else for (const record of records) this.handOn(routes, channel, record, reading, atMs);
  }

  private handOn(
    routes: Routes,
    channel: string,
    body: string | Buffer,
    reading: MessageReading,
    atMs: number,
  ): void {
    const event = this.read(channel, body, reading, atMs);
    for (const { consumer: handler, target } of routes) {
      if (!(event instanceof ReceivedEvent)) {
        this.sendDeadLetter(handler, event);
        continue;
      }
      if (event.isReply && handler.takesReplies !== true) continue;
      if (reading.isOfBroker && handler.acceptsOfBroker?.(event.payload) === false) continue;
      const pattern = target.subscription.kind === 'pattern' ? target.text : undefined;
      const params = paramsIn(target, event.channel);
      const context = new EventContext(event, pattern, this.options.bus, params, contractOf(target));
      this.services.dispatcher.dispatch(handler, context);
    }
    if (event instanceof ReceivedEvent) event.release();
  }

  /** Hands it on when its turn comes: nothing overtakes the rest of a long frame, on whatever channel. */
  private putOff({ routes, channel, records, body, reading, atMs }: Delivery): void {
    this.backlog.add({
      handlers: routes.map(({ consumer }) => consumer),
      records: records instanceof OverlongFrame ? 1 : records.length,
      bytes: body.length,
      handOn: (index) => {
        // Who gets it was settled when it came; who has left since then gets nothing more.
        const left = routes.every(this.isWanted) ? routes : routes.filter(this.isWanted);
        if (left.length === 0) return;
        if (records instanceof OverlongFrame) this.refuseFrame(left, channel, body, records.events);
        else this.handOn(left, channel, records[index] as string | Buffer, reading, atMs);
      },
    });
  }

  private readonly isWanted = ({ consumer }: Route<EventHandler>): boolean => this.plan.has(consumer);

  private refuseFrame(routes: Routes, channel: string, body: Buffer, records: number): void {
    const error = new PayloadDecodeError(
      `it is a frame of ${records} events, and at most ${MAX_RECORDS} are read.`,
    );
    const unreadable = this.refuse(channel, body, error, records);
    for (const { consumer } of routes) this.sendDeadLetter(consumer, unreadable);
  }

  private read(
    channel: string,
    body: string | Buffer,
    reading: MessageReading,
    atMs: number,
  ): ReceivedEvent | Unreadable {
    const { maxPayloadBytes } = this.options;
    if (body.length > maxPayloadBytes) {
      return this.refuse(channel, body, new PayloadTooLargeError(channel, body.length, maxPayloadBytes));
    }
    const event = new ReceivedEvent(channel, body, reading.decoder, atMs);
    try {
      event.decode();
    } catch (error) {
      return this.refuse(channel, body, asDecodeError(error));
    }
    if (!reading.isOfBroker) this.services.gaps.received(channel, event.stamp, event.receivedAtMs);
    return event;
  }

  private refuse(channel: string, body: string | Buffer, error: EventBusError, events = 1): Unreadable {
    this.services.reporter.rejected(channel, error, events);
    return { channel, body: typeof body === 'string' ? Buffer.from(body) : body, error };
  }

  /** The dead letter of a handler that wants one; the bytes stay out where they were too many already. */
  private sendDeadLetter(handler: EventHandler, { channel, body, error }: Unreadable): void {
    const deadLetter = handler.settings?.deadLetter;
    if (deadLetter === undefined || deadLetter === false) return;
    const content = error instanceof PayloadTooLargeError ? {} : { base64: toBase64(body) };
    const receivedAt = new Date().toISOString();
    const event = { channel, ...content, bytes: body.length, metadata: NO_METADATA, receivedAt };
    const details = {
      error: errorOfLetter(error),
      handler: handler.name,
      bus: this.options.bus,
      attempts: 0,
    };
    void this.services.deadLetters.send(deadLetter, letterOf(event, body, details));
  }
}

/** A codec of the application's own may throw anything. */
function asDecodeError(error: unknown): PayloadDecodeError {
  return isA(error, PayloadDecodeError)
    ? error
    : new PayloadDecodeError(`the codec failed: ${reasonOf(error)}.`, { cause: error });
}
