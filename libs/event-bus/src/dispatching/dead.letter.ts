import { describeThrown } from '../foreign.js';
import type { EventContext } from '../message/event-context.js';
import { originalOf } from '../message/event-context.js';
import type { EventMetadata } from '../message/event.codec.js';
import { hopsIn } from './dead-letter.hops.js';

/** What is published on a handler's `deadLetter` channel for an event that it could not handle. */
export interface DeadLetter {
  /**
   * How many dead letters have followed from one event, this one included: one more than the dead letter has that it is about.
   * After 5 there is none. Absent, 1.
   */
  readonly hops?: number;
  /** The event that could not be handled. */
  readonly event: DeadLetterEvent;
  /** What the handler threw at last, or why the payload was rejected, without a stack. */
  readonly error: { readonly name: string; readonly message: string; readonly code?: string };
  /** `OrderNotifier.notify`. */
  readonly handler: string;
  /** The name of the bus. */
  readonly bus: string;
  /** How often the handler was called: 0 when the payload could not be handed to it. */
  readonly attempts: number;
}

/** The event as it was received. */
export interface DeadLetterEvent {
  /** The channel on which it arrived, without the application's prefix. */
  readonly channel: string;
  /** As the codec decoded it, before a contract's schema. Absent where there is `base64`, or no room for it. */
  readonly payload?: unknown;
  /** The bytes, base64, where they did not decode or are no JSON. Absent where there is no room for them. */
  readonly base64?: string;
  /** How long the message was. */
  readonly bytes: number;
  /** What the codec read beside the payload. Empty with plain JSON. */
  readonly metadata: EventMetadata;
  /** When it reached this process, RFC 3339. */
  readonly receivedAt: string;
}

/** Publishes dead letters. Never rejects: what becomes of a letter is its own business. */
export interface DeadLetterSink {
  send(channel: string, letter: DeadLetter): Promise<void>;
}

/** What is left to say of a letter once its event is known. */
export type DeadLetterDetails = Pick<DeadLetter, 'error' | 'handler' | 'bus' | 'attempts'>;

/**
 * @param content the payload, or the bytes that could not be read: it may be a dead letter itself, also where it does not become a
 * part of this one.
 */
export function deadLetterOf(
  event: DeadLetterEvent,
  content: unknown,
  details: DeadLetterDetails,
): DeadLetter {
  const hops = hopsIn(content) + 1;
  // First, so that it is found at the beginning of the text.
  return { ...(hops === 1 ? {} : { hops }), event, ...details };
}

/** Of an event that the codec has read, though maybe not a second time. */
export function eventOfDeadLetter(event: EventContext): DeadLetterEvent {
  const { payload, unread, metadata, channel, receivedAtMs, bytes } = originalOf(event);
  const binary = unread === undefined ? payload : Buffer.from(unread);
  const content = binary instanceof Uint8Array ? { base64: toBase64(binary) } : { payload };
  return { channel, ...content, bytes, metadata, receivedAt: new Date(receivedAtMs).toISOString() };
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** What was thrown, without its stack. Anything may be thrown. */
export function errorOfDeadLetter(error: unknown): DeadLetter['error'] {
  const { name = 'Error', message, code } = describeThrown(error);
  return { name, message, ...(code === undefined ? {} : { code }) };
}
