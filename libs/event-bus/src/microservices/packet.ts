import type { DecodedEvent, EventMetadata } from '../message/event.codec.js';
import { NO_METADATA } from '../message/event.codec.js';

/** Metadata besides the payload: set by `setOnDispatchHook` of a client, read with `getMetadata()` of a context. */
export type PacketHeaders = Readonly<Record<string, string>>;

/** An event, which has no reply. */
export interface EventPacket {
  /** Distinguishes it from a request and a reply. */
  readonly type: 'event';
  /** A channel, or the object that Nest derives one from. */
  readonly pattern: unknown;
  /** The payload. */
  readonly data: unknown;
  /** The metadata that the client attached. Absent if there is none. */
  readonly metadata?: PacketHeaders;
}

/** A request: its replies carry its id. */
export interface RequestPacket extends Omit<EventPacket, 'type'> {
  /** Distinguishes it from an event and a reply. */
  readonly type: 'request';
  /** Unique among the pending requests on the channel. */
  readonly id: string | number;
}

/** One of the replies to a request. The one with `isDisposed`, or with `err`, is the last. */
export interface ReplyPacket {
  /** Distinguishes it from an event and a request. */
  readonly type: 'reply';
  /** The id of the request. */
  readonly id: string | number;
  /** The value that the handler returned or emitted. Absent in a last packet that only ends the replies. */
  readonly response?: unknown;
  /** The error that the handler threw, as Nest serializes it. */
  readonly err?: unknown;
  /** Whether it is the last reply. */
  readonly isDisposed?: boolean;
  /** Nest's `'error'` of a failed request. */
  readonly status?: string;
}

/** A packet that a packet codec encodes and decodes. */
export type Packet = EventPacket | RequestPacket | ReplyPacket;

/** Shared by all copies of this package: the codec of one copy may serve the client of another. */
const PACKET = Symbol.for('nestjs-redis-event-bus:packet:1');

/** The packet that a message contained, from the metadata of a packet codec: `packetOf(event.metadata)?.type === 'request'`. */
export function packetOf(metadata: EventMetadata): Packet | undefined {
  return (metadata as { readonly [PACKET]?: Packet })[PACKET];
}

/** The payload for handlers, without the envelope. */
export function toDecodedEvent(packet: Packet): DecodedEvent {
  if (packet.type === 'reply') {
    return { payload: packet.response, metadata: metadataOf(packet, {}), isReply: true };
  }
  const { data, metadata } = packet;
  const isBare = packet.type === 'event' && metadata === undefined;
  return { payload: data, metadata: isBare ? NO_METADATA : metadataOf(packet, metadata) };
}

/** Not enumerable, so that the visible metadata is only what the sender attached. */
function metadataOf(packet: Packet, headers: PacketHeaders = {}): EventMetadata {
  return Object.freeze(Object.defineProperty({ ...headers }, PACKET, { value: packet }));
}
