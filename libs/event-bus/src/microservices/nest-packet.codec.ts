import { json } from '../message/json.codec.js';
import { transformPatternToRoute } from './nest.internals.js';
import type { EventPacket, Packet, PacketHeaders, ReplyPacket, RequestPacket } from './packet.js';
import type { PacketCodec } from './packet.codec.js';
import { packetCodec } from './packet.codec.js';

const PACKET_KEYS = new Set(['pattern', 'data', 'id', 'metadata']);
const REPLY_KEYS = new Set(['id', 'err', 'response', 'isDisposed', 'status']);
/** What is appended to the channel of a request for its replies. */
export const REPLY_SUFFIX = '.reply';

const text = json();

/**
 * The packets of Nest's own Redis transport, as JSON: `{ pattern, data, id?, metadata? }`, and replies
 * `{ id, err?, response?, isDisposed?, status? }` on `<channel>.reply`.
 *
 * Foreign JSON is never mistaken for a packet: a packet has an own `pattern` that matches the channel, an own `data` and no
 * other keys; any other JSON is the payload itself. A message that is not JSON is a PayloadDecodeError. As the codec of
 * `EventBusModule`, it publishes event packets, and handlers get the `data` of events and requests, never an envelope, and no
 * replies.
 */
export function nestPacket(): PacketCodec {
  return packetCodec({ name: 'nest-packet', encodePacket, decodePacket });
}

/** The channel of a pattern: a string or number itself, an object as its normalized JSON. */
export function routeOf(pattern: unknown): string {
  return String(toRoute(pattern));
}

/** The channel of the replies to requests on a channel. */
export function replyChannelOf(channel: string): string {
  return `${channel}${REPLY_SUFFIX}`;
}

/**
 * A service may reply without Nest's envelope. As in Nest, the whole message is then the response, and the last one. Undefined
 * if it does not say which request it answers.
 */
export function foreignReply(payload: unknown): ReplyPacket | undefined {
  if (!isRecord(payload)) return undefined;
  const { id, ...rest } = payload;
  if (typeof id !== 'string') return undefined;
  return hasOnly(payload, REPLY_KEYS)
    ? { ...rest, type: 'reply', id }
    : { type: 'reply', id, response: payload, isDisposed: true };
}

/** As in Nest. Anything but a string, a number or an object is returned unchanged. */
function toRoute(pattern: unknown): unknown {
  return transformPatternToRoute(pattern as Parameters<typeof transformPatternToRoute>[0]);
}

function encodePacket(packet: Packet, channel: string): string {
  if (packet.type === 'reply') {
    const { type: _type, ...reply } = packet;
    return text.encode(reply, channel) as string;
  }
  // Encoded field by field: JSON.stringify would omit a value that it cannot encode, and the rest would not be a packet.
  const { type, pattern, data, metadata } = packet;
  const fields = Object.entries({ pattern, data, ...(type === 'request' ? { id: packet.id } : {}) });
  if (metadata !== undefined) fields.push(['metadata', metadata]);
  return `{${fields.map(([key, value]) => `"${key}":${String(text.encode(value, channel))}`).join(',')}}`;
}

function decodePacket(body: Buffer, channel: string): Packet {
  const { payload } = text.decode(body, channel);
  const packet = isRecord(payload)
    ? (readPacket(payload, channel) ?? readReply(payload, channel))
    : undefined;
  return packet ?? { type: 'event', pattern: channel, data: payload };
}

function readPacket(
  value: Record<string, unknown>,
  channel: string,
): EventPacket | RequestPacket | undefined {
  if (!Object.hasOwn(value, 'pattern') || !Object.hasOwn(value, 'data')) return undefined;
  if (!hasOnly(value, PACKET_KEYS)) return undefined;
  const { pattern, data, id, metadata } = value;
  if (toRoute(pattern) !== channel) return undefined;
  if (metadata !== undefined && !isRecord(metadata)) return undefined;
  const headers = metadata === undefined ? {} : { metadata: metadata as PacketHeaders };
  if (id === undefined || id === null) return { type: 'event', pattern, data, ...headers };
  return isId(id) ? { type: 'request', id, pattern, data, ...headers } : undefined;
}

function readReply(value: Record<string, unknown>, channel: string): ReplyPacket | undefined {
  if (!channel.endsWith(REPLY_SUFFIX) || !hasOnly(value, REPLY_KEYS)) return undefined;
  const { id, ...reply } = value;
  const says = ['err', 'response', 'isDisposed'].some((key) => Object.hasOwn(reply, key));
  return says && isId(id) ? { ...reply, type: 'reply', id } : undefined;
}

function isId(id: unknown): id is string | number {
  return typeof id === 'string' || typeof id === 'number';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasOnly(value: object, keys: ReadonlySet<string>): boolean {
  return Object.keys(value).every((key) => keys.has(key));
}
