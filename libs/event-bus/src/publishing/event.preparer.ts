import {
  InvalidChannelError,
  InvalidOptionError,
  NotSupportedError,
  PayloadTooLargeError,
} from '../errors.js';
import type { EventBusSettings } from '../module/event-bus.options.js';
import { checkPayload } from '../contracts/contract.check.js';
import { EventContract, strangeContractProblem, toContract } from '../contracts/event.contract.js';
import type { EventCodec, EventHeaders } from '../message/event.codec.js';
import { MAX_STAMP_BYTES } from '../message/event.codec.js';
import { publishProblem } from '../routing/channel-prefix.js';
import { ChannelMemo } from '../routing/channel.memo.js';
import type { EventTransport, MessageBody, OutgoingMessage } from '../transports/event.transport.js';
import { encodeFailure, encodedBody } from './encoded.body.js';
import type { SizedEvent } from './event.size.js';
import { MAX_BYTES_PER_UNIT, bytesOf } from './event.size.js';
import type { Settle } from './publish.call.js';
import type { EventToPublish } from './publish.options.js';
import { SequenceIssuer } from './sequence.issuer.js';
import { SequencedMessage } from './sequenced.message.js';

/** An event that is ready for the transport. */
export interface PreparedEvent extends SizedEvent {
  readonly message: OutgoingMessage;
  /** The channel, without prefix. */
  readonly name: string;
  /** Rejects when an asynchronous schema rejects the payload. */
  readonly checked?: Promise<unknown>;
}

/** An event that is ready to be sent, or why it cannot be sent. */
export type Attempt = (PreparedEvent | { readonly error: Error }) & {
  /** The hooks of observers, which wait for the outcome. */
  hooked?: { settled: Settle };
};

type Kind = OutgoingMessage['kind'];

/** Validates and encodes an event, or says why it cannot be sent. */
export class EventPreparer {
  private readonly makeMessage: (kind: Kind, channel: string, body: MessageBody) => OutgoingMessage;
  private readonly stampBytes: number;
  /** Checked channels, with prefix, by their names without prefix. */
  private readonly channels = new ChannelMemo<string>();
  /** Contracts of this copy of the package, by those of another copy. */
  private readonly foreignContracts = new WeakMap<object, EventContract>();

  constructor(
    private readonly settings: EventBusSettings,
    private readonly transport: EventTransport,
  ) {
    this.makeMessage = messageMaker(settings.codec);
    this.stampBytes = settings.codec.stamp === undefined ? 0 : MAX_STAMP_BYTES;
  }

  /**
   * Validates and encodes, synchronously; after this only an asynchronous schema and the broker can reject the event.
   * Never throws.
   * @param headers in place of those of the event
   */
  attempt(event: EventToPublish, headers?: EventHeaders): Attempt {
    try {
      return this.prepare(event, headers ?? event.headers);
    } catch (error) {
      return { error: error as Error };
    }
  }

  private prepare(
    { channel: to, payload, kind: wanted, params }: EventToPublish,
    headers: EventHeaders | undefined,
  ): PreparedEvent {
    const contract = typeof to === 'string' ? undefined : this.contractOf(to);
    const name = contract === undefined ? (to as string) : channelOf(contract, params);
    const channel = this.channels.get(name) ?? this.checkedChannel(name);
    const kind = contract?.isSharded ? 'shard' : (wanted ?? 'channel');
    if (kind === 'shard' && !this.transport.capabilities.shard) {
      throw new NotSupportedError(
        `The ${this.transport.name} transport has no sharded pub/sub. Leave out kind.`,
      );
    }
    const checked = contract === undefined ? undefined : checkPayload(contract, payload);
    // The publisher awaits it, unless encoding throws first: then nothing else would handle the rejection.
    if (checked instanceof Promise) checked.catch(() => undefined);
    const body = this.encode(payload, name, headers);
    this.checkSize(body, name);
    const message = this.makeMessage(kind, channel, body);
    const { stampBytes } = this;
    return checked instanceof Promise
      ? { message, name, body, stampBytes, checked }
      : { message, name, body, stampBytes };
  }

  /** @throws InvalidChannelError */
  private checkedChannel(name: string): string {
    const problem = publishProblem(name);
    if (problem !== undefined) {
      throw new InvalidChannelError(
        typeof name === 'string' ? name : typeof name,
        strangeContractProblem(name) ?? problem,
      );
    }
    const channel = this.settings.prefix.addToChannel(name);
    this.channels.set(name, channel);
    return channel;
  }

  /** Undefined for anything that is no contract: JavaScript code may pass any value. */
  private contractOf(to: EventContract): EventContract | undefined {
    if (to instanceof EventContract) return to;
    const known = this.foreignContracts.get(to);
    if (known !== undefined) return known;
    const contract = toContract(to);
    if (contract !== undefined) this.foreignContracts.set(to, contract);
    return contract;
  }

  /** An application's codec may throw or return anything. */
  private encode(payload: unknown, channel: string, headers: EventHeaders | undefined): MessageBody {
    const { codec } = this.settings;
    checkHeadersFit(headers, codec);
    let body: unknown;
    try {
      body = codec.encode(payload, channel, headers);
    } catch (error) {
      throw encodeFailure(error);
    }
    return typeof body === 'string' ? body : encodedBody(body);
  }

  /** As receivers measure it: with its sequence number, which is added later. Bytes are counted only near the limit. */
  private checkSize(body: MessageBody, channel: string): void {
    const { stampBytes } = this;
    const { maxPayloadBytes } = this.settings;
    if (stampBytes + body.length * MAX_BYTES_PER_UNIT <= maxPayloadBytes) return;
    const bytes = bytesOf({ body, stampBytes });
    if (bytes > maxPayloadBytes) throw new PayloadTooLargeError(channel, bytes, maxPayloadBytes);
  }
}

function messageMaker(
  codec: EventCodec,
): (kind: Kind, channel: string, body: MessageBody) => OutgoingMessage {
  if (codec.stamp === undefined) return (kind, channel, body) => ({ kind, channel, body });
  const issuer = new SequenceIssuer();
  return (kind, channel, body) => new SequencedMessage(kind, channel, body, codec, issuer);
}

function checkHeadersFit(headers: unknown, { name, carriesMetadata }: EventCodec): void {
  if (headers === undefined) return;
  if (carriesMetadata !== true) {
    throw new InvalidOptionError(
      'headers',
      `cannot be sent by the codec ${name}, which carries only the payload. Write codec: cloudEvents({ source }).`,
    );
  }
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    throw new InvalidOptionError('headers', "must be an object of strings, e.g. { traceparent: '00-…' }.");
  }
}

function channelOf(contract: EventContract, params: Readonly<Record<string, string>> | undefined): string {
  const { channelTemplate, template } = contract;
  const problem = channelTemplate.paramsProblem(params);
  if (problem !== undefined) throw new InvalidChannelError(template, problem);
  return channelTemplate.fill(params ?? {});
}
