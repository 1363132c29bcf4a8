import type { EventCodec } from '../message/event.codec.js';
import type { Packet } from './packet.js';
import { toDecodedEvent } from './packet.js';

/** Encodes and decodes the packets of one protocol. */
export interface PacketFormat {
  /** Its name in logs and snapshots. */
  readonly name: string;
  /** Encodes a packet. @throws PayloadEncodeError when this format cannot encode it. */
  encodePacket(packet: Packet, channel: string): string | Buffer;
  /**
   * Decodes a packet. A message that is no packet of this format is an event with the message as its data.
   * @throws PayloadDecodeError when this format cannot decode the bytes.
   */
  decodePacket(body: Buffer, channel: string): Packet;
}

/** A codec that also supports requests and replies, for `EventBusServer` and `EventBusClient`. */
export interface PacketCodec extends EventCodec, PacketFormat {}

/**
 * Creates a codec for your own format, e.g. one that reads the replies of a foreign service:
 * `packetCodec({ ...nestPacket(), name: 'acme', decodePacket: (body, channel) => … })`.
 */
export function packetCodec(format: PacketFormat): PacketCodec {
  return {
    name: format.name,
    encodePacket: (packet, channel) => format.encodePacket(packet, channel),
    decodePacket: (body, channel) => format.decodePacket(body, channel),
    encode: (data, channel) => format.encodePacket({ type: 'event', pattern: channel, data }, channel),
    decode: (body, channel) => toDecodedEvent(format.decodePacket(body, channel)),
  };
}

/** Whether it supports requests and replies besides events. */
export function isPacketCodec(codec: EventCodec): codec is PacketCodec {
  return typeof (codec as Partial<PacketCodec>).encodePacket === 'function';
}
