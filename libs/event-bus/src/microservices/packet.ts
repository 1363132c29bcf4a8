import type { DecodedEvent, EventMetadata } from '../message/event.codec.js';
import { NO_METADATA } from '../message/event.codec.js';

/** What travels beside the payload: `setOnDispatchHook` of a client sets it, `getMetadata()` of a context reads it. */
export type PacketHeaders = Readonly<Record<string, string>>;

/** An event: nobody answers it. */
export interface EventPacket {
  readonly type: 'event';
  /** A channel, or the object that Nest makes one of. */
  readonly pattern: unknown;
  readonly data: unknown;
  readonly metadata?: PacketHeaders;
}

/** A request: replies to it carry its id. */
export interface RequestPacket {
  readonly type: 'request';
  readonly id: string | number;
  readonly pattern: unknown;
  readonly data: unknown;
  readonly metadata?: PacketHeaders;
}

/** One of the replies to a request; the one with `isDisposed`, or with `err`, is the last. */
export interface ReplyPacket {
  readonly type: 'reply';
  readonly id: string | number;
  readonly response?: unknown;
  readonly err?: unknown;
  readonly isDisposed?: boolean;
  readonly status?: string;
}

export type Packet = EventPacket | RequestPacket | ReplyPacket;

/** Shared by every copy of this package, as the codec of one may serve the client of another. */
const PACKET = Symbol.for('nestjs-redis-event-bus:packet:1');

/** What a message was, by the metadata that a packet codec decoded: `packetOf(event.metadata)?.type === 'request'`. */
export function packetOf(metadata: EventMetadata): Packet | undefined {
  return (metadata as { readonly [PACKET]?: Packet })[PACKET];
}

/** The payload is what a handler gets: never the envelope. */
export function toDecodedEvent(packet: Packet): DecodedEvent {
  if (packet.type === 'reply') {
    return { payload: packet.response, metadata: metadataOf(packet, {}), isReply: true };
  }
  const { data, metadata } = packet;
  const isBare = packet.type === 'event' && metadata === undefined;
  return { payload: data, metadata: isBare ? NO_METADATA : metadataOf(packet, metadata) };
}

/** Hidden from whoever lists the metadata, so that this is what its sender attached and nothing else. */
function metadataOf(packet: Packet, headers: PacketHeaders = {}): EventMetadata {
  return Object.freeze(Object.defineProperty({ ...headers }, PACKET, { value: packet }));
}
