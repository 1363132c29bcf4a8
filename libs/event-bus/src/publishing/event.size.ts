import type { MessageBody } from '../transports/event.transport.js';

/** UTF-8 takes at most three bytes for a UTF-16 code unit. */
export const MAX_BYTES_PER_UNIT = 3;

/** What the size of an event follows from. */
export interface SizedEvent {
  /** The encoded payload, without its stamp. */
  readonly body: MessageBody;
  /** The most that its stamp will add. */
  readonly stampBytes: number;
}

/** The size of the event as receivers measure it. Counts the bytes of a text, which is a tenth of the cost of a publish. */
export function bytesOf({ body, stampBytes }: SizedEvent): number {
  return stampBytes + (typeof body === 'string' ? Buffer.byteLength(body) : body.length);
}

/** The most that {@link bytesOf} may return, without counting. */
export function mostBytesOf({ body, stampBytes }: SizedEvent): number {
  return stampBytes + (typeof body === 'string' ? body.length * MAX_BYTES_PER_UNIT : body.length);
}
