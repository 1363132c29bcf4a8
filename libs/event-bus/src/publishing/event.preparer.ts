import {
  EventBusError,
  InvalidChannelError,
  NotSupportedError,
  PayloadEncodeError,
  PayloadTooLargeError,
  reasonOf,
} from '../errors.js';
import type { EventBusSettings } from '../event-bus.options.js';
import { checkPayload } from '../contracts/contract.check.js';
import { EventContract } from '../contracts/event.contract.js';
import { publishProblem } from '../routing/channel-prefix.js';
import type { EventTransport, OutgoingMessage } from '../transports/event.transport.js';
import type { EventToPublish } from './publish.options.js';

/** An event as it goes to the transport. */
export interface PreparedEvent {
  readonly message: OutgoingMessage;
  /** The channel, without prefix. */
  readonly name: string;
  /** Rejects when an asynchronous schema refuses the payload. */
  readonly checked?: Promise<unknown>;
}

/** Turns an event into bytes for a channel, or says why it cannot be sent. */
export class EventPreparer {
  constructor(
    private readonly settings: EventBusSettings,
    private readonly transport: EventTransport,
  ) {}

  /** Checks and serializes, all of it in the call; after this only an asynchronous schema and the broker can refuse. */
  prepare({ channel: to, payload, kind: wanted = 'channel', params }: EventToPublish): PreparedEvent {
    const contract = to instanceof EventContract ? to : undefined;
    const channel = contract === undefined ? (to as string) : channelOf(contract, params);
    const kind = contract?.isSharded ? 'shard' : wanted;
    const problem = publishProblem(channel);
    if (problem !== undefined) {
      throw new InvalidChannelError(typeof channel === 'string' ? channel : typeof channel, problem);
    }
    if (kind === 'shard' && !this.transport.capabilities.shard) {
      throw new NotSupportedError(
        `The ${this.transport.name} transport has no sharded pub/sub. Leave out kind.`,
      );
    }
    const checked = contract === undefined ? undefined : checkPayload(contract, payload);
    // Whoever publishes hears of it; if the payload cannot be encoded either, nobody awaits it.
    if (checked instanceof Promise) checked.catch(() => undefined);
    const { maxPayloadBytes, prefix } = this.settings;
    const body = this.encode(payload, channel);
    const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    if (bytes > maxPayloadBytes) throw new PayloadTooLargeError(channel, bytes, maxPayloadBytes);
    const message = { kind, channel: prefix.addToChannel(channel), body };
    return checked instanceof Promise ? { message, name: channel, checked } : { message, name: channel };
  }

  /** A codec of the application's own may throw and return anything. */
  private encode(payload: unknown, channel: string): string | Buffer {
    const { codec } = this.settings;
    let body: unknown;
    try {
      body = codec.encode(payload, channel);
    } catch (error) {
      if (error instanceof EventBusError) throw error;
      throw new PayloadEncodeError(`the codec failed: ${reasonOf(error)}.`, { cause: error });
    }
    if (typeof body === 'string' || Buffer.isBuffer(body)) return body;
    throw new PayloadEncodeError(`the codec returned ${typeof body}. It must return a string or a Buffer.`);
  }
}

function channelOf(contract: EventContract, params: Readonly<Record<string, string>> | undefined): string {
  const { channelTemplate, template } = contract;
  const problem = channelTemplate.paramsProblem(params);
  if (problem !== undefined) throw new InvalidChannelError(template, problem);
  return channelTemplate.fill(params ?? {});
}
