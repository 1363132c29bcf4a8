import type { DecodedEvent, EventMetadata } from '../message/event.codec.js';
import { NO_METADATA } from '../message/event.codec.js';

/** What travels beside the payload: `setOnDispatchHook` of a client sets it, `getMetadata()` of a context reads it. */
export type PacketHeaders = Readonly<Record<string, string>>;

/** An event: nobody answers it. */
export interface EventPacket {
  /** Tells it from a request and a reply. */
  readonly type: 'event';
  /** A channel, or the object that Nest makes one of. */
  readonly pattern: unknown;
  /** The payload. */
  readonly data: unknown;
  /** What the client attached. Absent when it attached nothing. */
  readonly metadata?: PacketHeaders;
}

/** A request: replies to it carry its id. */
export interface RequestPacket extends Omit<EventPacket, 'type'> {
  /** Tells it from an event and a reply. */
  readonly type: 'request';
  /** Unique among the requests that are open on the channel. */
  readonly id: string | number;
}

/** One of the replies to a request; the one with `isDisposed`, or with `err`, is the last. */
export interface ReplyPacket {
  /** Tells it from an event and a request. */
  readonly type: 'reply';
  /** That of the request. */
  readonly id: string | number;
  /** What the handler returned or emitted. Absent in a last packet that only ends the replies. */
  readonly response?: unknown;
  /** What the handler threw, as Nest serializes it. */
  readonly err?: unknown;
  /** Whether it is the last one. */
  readonly isDisposed?: boolean;
  /** Nest's `'error'` of a failed request. */
  readonly status?: string;
}

/** What a packet codec reads and writes. */
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
