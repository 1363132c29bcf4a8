import type { EventCodec } from '../message/event.codec.js';
import type { Packet } from './packet.js';
import { toDecodedEvent } from './packet.js';

/** How packets become bytes and back: what is particular to one protocol. */
export interface PacketFormat {
  /** What logs and snapshots call it. */
  readonly name: string;
  /** The bytes of a packet. @throws PayloadEncodeError when it has no form in this format. */
  encodePacket(packet: Packet, channel: string): string | Buffer;
  /**
   * What is no packet of this format is an event whose data it is.
   * @throws PayloadDecodeError when the bytes are not what this format reads.
   */
  decodePacket(body: Buffer, channel: string): Packet;
}

/** A codec that carries requests and replies as well, for `EventBusServer` and `EventBusClient`. */
export interface PacketCodec extends EventCodec, PacketFormat {}

/**
 * Makes a codec of a format of your own, e.g. one that reads the replies of a foreign service:
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

/** Whether requests and replies can travel with it, beside events. */
export function isPacketCodec(codec: EventCodec): codec is PacketCodec {
  return typeof (codec as Partial<PacketCodec>).encodePacket === 'function';
}
