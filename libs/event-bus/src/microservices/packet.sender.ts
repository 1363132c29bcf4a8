import { NotSupportedError, PayloadTooLargeError } from '../errors.js';
import type { EventHeaders } from '../message/event.codec.js';
import type { EventBusRuntime } from '../module/event-bus.runtime.js';
import type { ObservedPublish } from '../observing/event-bus.observer.js';
import type { Writable } from '../observing/hooked.publish.js';
import { encodeFailure, encodedBody } from '../publishing/encoded.body.js';
import { PublishCall } from '../publishing/publish.call.js';
import type { Attempt, PreparedEvent } from '../publishing/event.preparer.js';
import { bytesOf } from '../publishing/event.size.js';
import type { Packet } from './packet.js';
import { isPacketCodec } from './packet.codec.js';

/** A packet that is ready to be sent, and the hooks of observers that wait for its outcome. */
export type PreparedPacket = PreparedEvent & Pick<Attempt, 'hooked'>;

/**
 * Sends packets, to any channel: replies are published as the request's channel says, and an object pattern becomes a channel
 * with any characters, while `EventBusPublisher` rejects names that look like a glob.
 */
export class PacketSender {
  constructor(private readonly runtime: EventBusRuntime) {}

  /**
   * Encodes a packet: later changes to its payload are not sent. It must be sent or discarded then.
   * @throws PayloadEncodeError, PayloadTooLargeError, NotSupportedError
   */
  prepare(packet: Packet, channel: string): PreparedPacket {
    const { publishHooks: hooks } = this.runtime;
    if (hooks.isEmpty) return this.encoded(packet, channel);
    const carriesMetadata = this.carriesMetadata(packet);
    const about: Writable<ObservedPublish> = { bus: hooks.bus, channel, carriesMetadata, batchSize: 1 };
    if ('metadata' in packet && packet.metadata !== undefined) about.headers = packet.metadata;
    const hooked = hooks.prepare(about, (added) => this.attempt(packet, channel, added));
    const { prepared } = hooked;
    prepared.hooked = hooked;
    if (!('error' in prepared)) return prepared;
    hooked.settled(prepared);
    throw prepared.error;
  }

  /**
   * Resolves once the broker has accepted it, with the number of subscriptions that it reports.
   * @throws NotConnectedError, BusClosedError, PublishRefusedError, PublishUnconfirmedError
   */
  send(event: PreparedPacket, payload: unknown): Promise<number> {
    const { batcher, reporter } = this.runtime;
    const startedMs = reporter.timesPublishes ? performance.now() : 0;
    const { name, hooked } = event;
    return new Promise((resolve, reject) => {
      const call = new PublishCall(event, (outcome) => {
        hooked?.settled(outcome);
        if ('error' in outcome) {
          reporter.publishFailed(name, outcome.error, startedMs);
          reject(outcome.error);
        } else {
          reporter.published(event, name, payload, outcome.subscriptions, startedMs);
          resolve(outcome.subscriptions);
        }
      });
      batcher.add(call);
    });
  }

  /** It is not sent. @param error why */
  discard({ hooked }: PreparedPacket, error: unknown): void {
    hooked?.settled({ error: error as Error });
  }

  /** Replies have no metadata in Nest's protocol. */
  private carriesMetadata({ type }: Packet): boolean {
    const { codec } = this.runtime.settings;
    return type !== 'reply' && (isPacketCodec(codec) || codec.carriesMetadata === true);
  }

  /** Leaves the added headers out when the codec rejects them. Never throws. */
  private attempt(packet: Packet, channel: string, added: EventHeaders | undefined): Attempt {
    let rejection: { readonly error: unknown } | undefined;
    try {
      if (added !== undefined) return this.encoded(packet, channel, added);
    } catch (error) {
      rejection = { error };
    }
    try {
      const plain = this.encoded(packet, channel);
      if (rejection !== undefined) this.runtime.reporter.listenerFailed('aroundPublish', rejection.error);
      return plain;
    } catch (error) {
      return { error: error as Error };
    }
  }

  /** @throws PayloadEncodeError, PayloadTooLargeError, NotSupportedError */
  private encoded(packet: Packet, channel: string, added?: EventHeaders): PreparedEvent {
    const { maxPayloadBytes, prefix } = this.runtime.settings;
    const body = this.encode(packet, channel, added);
    const stampBytes = 0;
    const bytes = bytesOf({ body, stampBytes });
    if (bytes > maxPayloadBytes) throw new PayloadTooLargeError(channel, bytes, maxPayloadBytes);
    const message = { kind: 'channel', channel: prefix.addToChannel(channel), body } as const;
    return { message, name: channel, body, stampBytes };
  }

  /** An application's codec may throw or return anything. */
  private encode(packet: Packet, channel: string, added?: EventHeaders): string | Buffer {
    const { codec } = this.runtime.settings;
    let body: unknown;
    try {
      if (isPacketCodec(codec)) body = codec.encodePacket(withMetadata(packet, added), channel);
      else if (packet.type === 'event') body = codec.encode(packet.data, channel, added);
      else
        throw new NotSupportedError(
          `The ${codec.name} codec does not support requests. Write codec: nestPacket(), or use a codec from packetCodec().`,
        );
    } catch (error) {
      throw encodeFailure(error);
    }
    return encodedBody(body);
  }
}

/** Metadata that the client attached takes precedence. */
function withMetadata(packet: Packet, added: EventHeaders | undefined): Packet {
  if (added === undefined || packet.type === 'reply') return packet;
  return { ...packet, metadata: { ...added, ...packet.metadata } };
}
