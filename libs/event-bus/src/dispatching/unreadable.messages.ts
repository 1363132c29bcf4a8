import { PayloadDecodeError, PayloadTooLargeError, reasonOf } from '../errors.js';
import { isA } from '../foreign.js';
import { NO_METADATA } from '../message/event.codec.js';
import type { Audience } from './audience.js';
import type { DeadLetterSink } from './dead.letter.js';
import { errorOfDeadLetter, deadLetterOf, toBase64 } from './dead.letter.js';
import type { DispatchReporter } from './dispatch.reporter.js';
import type { EventHandler } from './event.handler.js';

/** The content of a message; only its beginning if it is too large. */
export interface MessageContent {
  readonly body: string | Buffer;
  /** The size of the whole message. */
  readonly bytes: number;
}

/**
 * Rejects messages that cannot be decoded: reports each, and sends a dead letter for each handler that has a channel for it.
 */
export class UnreadableMessages {
  constructor(
    private readonly bus: string,
    private readonly reporter: DispatchReporter,
    private readonly deadLetters: DeadLetterSink,
  ) {}

  /**
   * @param thrown the error; an application's codec may throw any value
   * @param events how many the message contained
   */
  refuse({ channel, recipients }: Audience, content: MessageContent, thrown: unknown, events = 1): void {
    const error = isRefusal(thrown)
      ? thrown
      : new PayloadDecodeError(`the codec failed: ${reasonOf(thrown)}.`, { cause: thrown });
    this.reporter.rejected(channel, error, events);
    for (const { handler } of recipients) this.sendDeadLetter(handler, channel, content, error);
  }

  /** Leaves out the bytes if they were too many. */
  private sendDeadLetter(
    handler: EventHandler,
    channel: string,
    { body, bytes }: MessageContent,
    error: Refusal,
  ): void {
    const deadLetter = handler.settings?.deadLetter;
    if (deadLetter === undefined || deadLetter === false) return;
    const content = isA(error, PayloadTooLargeError) ? {} : { base64: toBase64(Buffer.from(body)) };
    const receivedAt = new Date().toISOString();
    const event = { channel, ...content, bytes, metadata: NO_METADATA, receivedAt };
    const details = { error: errorOfDeadLetter(error), handler: handler.name, bus: this.bus, attempts: 0 };
    void this.deadLetters.send(deadLetter, deadLetterOf(event, body, details));
  }
}

type Refusal = PayloadDecodeError | PayloadTooLargeError;

function isRefusal(error: unknown): error is Refusal {
  return isA(error, PayloadDecodeError) || isA(error, PayloadTooLargeError);
}
