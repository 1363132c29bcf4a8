import { PayloadDecodeError, PayloadTooLargeError } from '../errors.js';
import type { GapReporter } from '../gaps/gap.reporter.js';
import { EventContext } from '../message/event-context.js';
import type { EventCodec } from '../message/event.codec.js';
import { ReceivedEvent } from '../message/received.event.js';
import type { ChannelPrefix } from '../routing/channel-prefix.js';
import { isBrokerChannel } from '../routing/channel-prefix.js';
import type { IncomingMessage } from '../routing/incoming.message.js';
import { reportTarget } from '../routing/report.channel.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { SubscriptionPlan } from '../plan/subscription-plan.js';
import type { Audience, Recipient } from './audience.js';
import { recipientsOn } from './audience.js';
import type { DeadLetterSink } from './dead.letter.js';
import type { DispatchReporter } from './dispatch.reporter.js';
import type { EventDispatcher, UnfinishedWork } from './event.dispatcher.js';
import type { EventHandler } from './event.handler.js';
import { KnownAudiences } from './known.audiences.js';
import { MessageBacklog, RECORDS_PER_TURN } from './message.backlog.js';
import type { BrokerChannels, MessageReading } from './message.reading.js';
import type { Records } from './message.records.js';
import { MAX_RECORDS, OverlongFrame, countOf, measureOf, recordsIn } from './message.records.js';
import type { MessageContent } from './unreadable.messages.js';
import { UnreadableMessages } from './unreadable.messages.js';

export interface ReceiverSettings {
  readonly bus: string;
  readonly codec: EventCodec;
  readonly prefix: ChannelPrefix;
  readonly maxPayloadBytes: number;
}

/** The services that a receiver reports to and dispatches with. */
export interface ReceiverServices {
  readonly dispatcher: EventDispatcher;
  readonly reporter: DispatchReporter;
  readonly deadLetters: DeadLetterSink;
  readonly gaps: GapReporter;
  readonly brokerChannels: BrokerChannels;
}

/** Of reports: a glob that happens to match their channel does not ask for them. */
const NOT_MEANT: Audience = { channel: '', recipients: [], isOfBroker: false };

/** Turns each message into events for the handlers that match it. Never throws. */
export class EventReceiver {
  private isOpen = true;
  private messageCount = 0;
  private unmatchedCount = 0;
  private readonly backlog = new MessageBacklog();
  private readonly unreadable: UnreadableMessages;
  /** Valid for the plan at `knownRevision`. */
  private readonly known = new KnownAudiences();
  private knownRevision = 0;
  /** Where instances report, with the prefix. */
  private readonly reports: string;
  /** Whether events carry sequence numbers. */
  private readonly isStamped: boolean;
  /** For a message that is one event, and for the events of a frame. */
  private readonly single: MessageReading;
  private readonly framed: MessageReading;

  constructor(
    private readonly options: ReceiverSettings,
    private readonly plan: SubscriptionPlan<EventHandler>,
    private readonly services: ReceiverServices,
  ) {
    const { codec, bus, prefix } = options;
    this.reports = reportTarget(prefix.prefix, 'redis').name;
    this.isStamped = codec.stamp !== undefined;
    this.unreadable = new UnreadableMessages(bus, services.reporter, services.deadLetters);
    this.single = { decoder: codec, isOfBroker: false };
    this.framed = { decoder: codec.frames ?? codec, isOfBroker: false };
  }

  /** Messages that were received, handled or not. */
  get receivedMessages(): number {
    return this.messageCount;
  }

  /** Messages that match Redis' glob, but no handler's template. */
  get unmatchedMessages(): number {
    return this.unmatchedCount;
  }

  /** Whether all received messages have been passed to their handlers. */
  get isIdle(): boolean {
    return this.backlog.isEmpty;
  }

  /** Resolves when the receiver is idle. */
  whenIdle(): Promise<void> {
    return this.backlog.whenIdle();
  }

  /** From now on messages are dropped: the bus is shutting down. Returns the received messages that were not passed on. */
  close(): readonly UnfinishedWork[] {
    this.isOpen = false;
    const waiting = new Map<string, number>();
    for (const { message, left } of this.backlog.clear())
      for (const { name } of message.handlers) waiting.set(name, (waiting.get(name) ?? 0) + left);
    return [...waiting].map(([handler, count]) => ({ handler, running: 0, waiting: count }));
  }

  /** A field, so that the transport's listener can call it directly. */
  readonly receive = (message: IncomingMessage): void => {
    if (!this.isOpen) return;
    const { through, channel: rawChannel, body, node } = message;
    const bytes = message.bytes ?? Buffer.byteLength(body);
    const audience = this.audienceOf(through, rawChannel);
    if (audience === NOT_MEANT) return;
    const { recipients, isOfBroker } = audience;
    const own = isOfBroker ? this.services.brokerChannels.readingOf(rawChannel, node) : undefined;
    const records = own === undefined ? this.recordsIn(body, bytes) : undefined;
    const events = records === undefined ? 1 : countOf(records);
    this.messageCount += events;
    const { reporter } = this.services;
    if (reporter.interest.takes.received) reporter.received(through, rawChannel, bytes, events);
    if (recipients.length === 0) {
      if (this.plan.isUnmatched(through, rawChannel)) this.unmatchedCount += events;
      return;
    }
    const atMs = message.receivedAtMs ?? Date.now();
    const reading = own ?? (records === undefined ? this.single : this.framed);
    if (!this.backlog.isEmpty || (Array.isArray(records) && events > RECORDS_PER_TURN)) {
      const measure = records === undefined ? () => bytes : measureOf(body, bytes);
      this.putOff(audience, records ?? [body], { body, bytes }, (rest, record) =>
        this.handOn(rest, record, reading, atMs, measure(record)),
      );
    } else if (records === undefined) this.handOn(audience, body, reading, atMs, bytes);
    else if (records instanceof OverlongFrame) this.refuseFrame(audience, body, events);
    else {
      const measure = measureOf(body, bytes);
      for (const record of records) this.handOn(audience, record, reading, atMs, measure(record));
    }
  };

  /** Asks the plan only once until it changes. */
  private audienceOf(through: SubscriptionTarget, rawChannel: string): Audience {
    const { plan } = this;
    if (this.knownRevision !== plan.revision) {
      this.knownRevision = plan.revision;
      this.known.clear();
    }
    const { kind, name } = through;
    const known =
      kind === 'pattern' ? this.known.pattern.get(name)?.get(rawChannel) : this.known[kind].get(name);
    if (known !== undefined) return known;
    const channel = this.options.prefix.strip(rawChannel);
    const routes = plan.routesFor(through, rawChannel);
    const recipients = recipientsOn(channel, routes, this.services.dispatcher);
    if (rawChannel === this.reports && recipients.every(({ pattern }) => pattern !== undefined))
      return NOT_MEANT;
    const audience = { channel, recipients, isOfBroker: isBrokerChannel(rawChannel) };
    if (recipients.length > 0) this.known.add(audience, through, rawChannel);
    return audience;
  }

  /** The events in a frame; undefined for a single event. A frame that is too large is rejected as a whole. */
  private recordsIn(body: Buffer | string, bytes: number): Records | OverlongFrame | undefined {
    const { codec, maxPayloadBytes } = this.options;
    const { frames } = codec;
    if (frames === undefined || bytes > maxPayloadBytes) return undefined;
    const first = typeof body === 'string' ? body.charCodeAt(0) : body[0];
    return frames.firstByte === undefined || frames.firstByte === first ? recordsIn(frames, body) : undefined;
  }

  private handOn(
    audience: Audience,
    body: string | Buffer,
    reading: MessageReading,
    atMs: number,
    bytes: number,
  ): void {
    const { channel, recipients } = audience;
    const { bus, maxPayloadBytes } = this.options;
    const { decoder, isOfBroker } = reading;
    const event = new ReceivedEvent(channel, body, decoder, atMs, bytes);
    try {
      if (bytes > maxPayloadBytes) throw new PayloadTooLargeError(channel, bytes, maxPayloadBytes);
      event.decode();
    } catch (error) {
      this.unreadable.refuse(audience, { body, bytes }, error);
      return;
    }
    if (this.isStamped && !isOfBroker) this.services.gaps.received(channel, event.stamp, atMs);
    for (const { handler, queue, pattern, params, contract } of recipients) {
      if (event.isReply && handler.takesReplies !== true) continue;
      if (isOfBroker && handler.acceptsOfBroker?.(event.payload) === false) continue;
      queue.push(new EventContext(event, pattern, bus, params, contract));
    }
    event.release();
  }

  /** Queues it behind the rest of a long frame: no message overtakes it, on any channel. */
  private putOff(
    audience: Audience,
    records: Records | OverlongFrame,
    { body, bytes }: MessageContent,
    handOn: (audience: Audience, record: string | Buffer) => void,
  ): void {
    const { channel, recipients, isOfBroker } = audience;
    this.backlog.add({
      handlers: recipients.map(({ handler }) => handler),
      records: records instanceof OverlongFrame ? 1 : records.length,
      bytes,
      handOn: (index) => {
        // The recipients were determined on arrival; those that have been removed since then get nothing more.
        const left = recipients.every(this.isWanted) ? recipients : recipients.filter(this.isWanted);
        if (left.length === 0) return;
        const rest = left === recipients ? audience : { channel, recipients: left, isOfBroker };
        if (records instanceof OverlongFrame) this.refuseFrame(rest, body, records.events);
        else handOn(rest, records[index] as string | Buffer);
      },
    });
  }

  private readonly isWanted = ({ handler }: Recipient): boolean => this.plan.has(handler);

  private refuseFrame(audience: Audience, body: Buffer | string, events: number): void {
    const error = new PayloadDecodeError(`it is a frame of ${events} events. The limit is ${MAX_RECORDS}.`);
    this.unreadable.refuse(audience, { body, bytes: Buffer.byteLength(body) }, error, events);
  }
}
