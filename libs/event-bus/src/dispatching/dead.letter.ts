import { describeThrown } from '../foreign.js';
import type { EventContext } from '../message/event-context.js';
import { originalOf } from '../message/event-context.js';
import type { EventMetadata } from '../message/event.codec.js';
import { hopsIn } from './dead-letter.hops.js';
import { thrownIn } from './handling.failure.js';

/** The payload that is published on a handler's `deadLetter` channel for an event that the handler could not handle. */
export interface DeadLetter {
  /** How many dead letters have followed from one event, including this one. A sixth is not published. Absent means 1. */
  readonly hops?: number;
  /** The event that could not be handled. */
  readonly event: DeadLetterEvent;
  /** What the handler threw in its last call, or why the payload was rejected. Without a stack. */
  readonly error: { readonly name: string; readonly message: string; readonly code?: string };
  /** `OrderNotifier.notify`. */
  readonly handler: string;
  /** The name of the bus. */
  readonly bus: string;
  /** How often the handler was called: 0 when the payload was rejected before a call. */
  readonly attempts: number;
}

/** The event as it was received. */
export interface DeadLetterEvent {
  /** The channel on which it arrived, without the application's prefix. */
  readonly channel: string;
  /**
   * The payload as the codec decoded it, before a contract's schema. Absent where there is `base64`, or where it would be too
   * large.
   */
  readonly payload?: unknown;
  /** The bytes as base64, where they did not decode or are not JSON. Absent where they would be too large. */
  readonly base64?: string;
  /** The length of the message in bytes. */
  readonly bytes: number;
  /** The metadata that the codec read. Empty with plain JSON. */
  readonly metadata: EventMetadata;
  /** When the event reached this process, RFC 3339. */
  readonly receivedAt: string;
}

/** Publishes dead letters. Never rejects: it reports dead letters that it cannot publish. */
export interface DeadLetterSink {
  /** @param event the event of the last call of its handler, for observers. Absent where the message could not be read */
  send(channel: string, letter: DeadLetter, event?: EventContext): Promise<void>;
}

/** The fields of a dead letter besides its event. */
export type DeadLetterDetails = Pick<DeadLetter, 'error' | 'handler' | 'bus' | 'attempts'>;

/**
 * @param content the payload, or the bytes that could not be decoded. It may be a dead letter itself, even where it is not
 * included in this one.
 */
export function deadLetterOf(
  event: DeadLetterEvent,
  content: unknown,
  details: DeadLetterDetails,
): DeadLetter {
  const hops = hopsIn(content) + 1;
  // First, so that it is found at the start of the text.
  return { ...(hops === 1 ? {} : { hops }), event, ...details };
}

/** The dead letter of an event that a handler could not handle. It contains the payload unchanged. */
export function deadLetterFor(
  handler: string,
  event: EventContext,
  error: unknown,
  attempts: number,
): DeadLetter {
  const details = { error: errorOfDeadLetter(thrownIn(error)), handler, bus: event.bus, attempts };
  return deadLetterOf(eventOfDeadLetter(event), originalOf(event).payload, details);
}

/** An event that the codec has decoded once. Decoding it again may fail. */
function eventOfDeadLetter(event: EventContext): DeadLetterEvent {
  const { payload, unread, metadata, channel, receivedAtMs, bytes } = originalOf(event);
  const binary = unread === undefined ? payload : Buffer.from(unread);
  const content = binary instanceof Uint8Array ? { base64: toBase64(binary) } : { payload };
  return { channel, ...content, bytes, metadata, receivedAt: new Date(receivedAtMs).toISOString() };
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** What was thrown, without its stack. It may be any value. */
export function errorOfDeadLetter(error: unknown): DeadLetter['error'] {
  const { name = 'Error', message, code } = describeThrown(error);
  return { name, message, ...(code === undefined ? {} : { code }) };
}
