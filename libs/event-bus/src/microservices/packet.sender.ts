import { NotSupportedError, PayloadTooLargeError } from '../errors.js';
import type { EventBusRuntime } from '../module/event-bus.runtime.js';
import { encodeFailure, encodedBody } from '../publishing/encoded.body.js';
import { PublishCall } from '../publishing/publish.call.js';
import type { PreparedEvent } from '../publishing/event.preparer.js';
import { bytesOf } from '../publishing/event.size.js';
import type { Packet } from './packet.js';
import { isPacketCodec } from './packet.codec.js';

/**
 * Sends packets, to any channel: replies are published as the request's channel says, and an object pattern becomes a channel
 * with any characters, while `EventBusPublisher` rejects names that look like a glob.
 */
export class PacketSender {
  constructor(private readonly runtime: EventBusRuntime) {}

  /**
   * Encodes a packet: later changes to its payload are not sent.
   * @throws PayloadEncodeError, PayloadTooLargeError, NotSupportedError
   */
  prepare(packet: Packet, channel: string): PreparedEvent {
    const { maxPayloadBytes, prefix } = this.runtime.settings;
    const body = this.encode(packet, channel);
    const event = { body, stampBytes: 0 };
    const bytes = bytesOf(event);
    if (bytes > maxPayloadBytes) throw new PayloadTooLargeError(channel, bytes, maxPayloadBytes);
    const message = { kind: 'channel', channel: prefix.addToChannel(channel), body } as const;
    return { message, name: channel, ...event };
  }

  /**
   * Resolves once the broker has accepted it, with the number of subscriptions that it reports.
   * @throws NotConnectedError, BusClosedError, PublishRefusedError, PublishUnconfirmedError
   */
  send(event: PreparedEvent, payload: unknown): Promise<number> {
    const { batcher, reporter, publishHooks } = this.runtime;
    const startedMs = reporter.timesPublishes ? performance.now() : 0;
    const { name } = event;
    // A packet is encoded before the connection is awaited, so hooks cannot add headers.
    const hooked = publishHooks.isEmpty
      ? undefined
      : publishHooks.prepare(
          { bus: publishHooks.bus, channel: name, carriesMetadata: false, batchSize: 1 },
          () => event,
        );
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

  /** An application's codec may throw or return anything. */
  private encode(packet: Packet, channel: string): string | Buffer {
    const { codec } = this.runtime.settings;
    let body: unknown;
    try {
      if (isPacketCodec(codec)) body = codec.encodePacket(packet, channel);
      else if (packet.type === 'event') body = codec.encode(packet.data, channel);
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
