import { PayloadDecodeError, PayloadTooLargeError, reasonOf } from '../errors.js';
import { isA } from '../foreign.js';
import { NO_METADATA } from '../message/event.codec.js';
import type { Audience } from './audience.js';
import type { DeadLetterSink } from './dead.letter.js';
import { errorOfDeadLetter, deadLetterOf, toBase64 } from './dead.letter.js';
import type { DispatchReporter } from './dispatch.reporter.js';
import type { EventHandler } from './event.handler.js';

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
  refuse({ channel, recipients }: Audience, body: string | Buffer, thrown: unknown, events = 1): void {
    const error = isRefusal(thrown)
      ? thrown
      : new PayloadDecodeError(`the codec failed: ${reasonOf(thrown)}.`, { cause: thrown });
    this.reporter.rejected(channel, error, events);
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    for (const { handler } of recipients) this.sendDeadLetter(handler, channel, bytes, error);
  }

  /** Leaves out the bytes if they were too many. */
  private sendDeadLetter(handler: EventHandler, channel: string, body: Buffer, error: Refusal): void {
    const deadLetter = handler.settings?.deadLetter;
    if (deadLetter === undefined || deadLetter === false) return;
    const content = isA(error, PayloadTooLargeError) ? {} : { base64: toBase64(body) };
    const receivedAt = new Date().toISOString();
    const event = { channel, ...content, bytes: body.length, metadata: NO_METADATA, receivedAt };
    const details = { error: errorOfDeadLetter(error), handler: handler.name, bus: this.bus, attempts: 0 };
    void this.deadLetters.send(deadLetter, deadLetterOf(event, body, details));
  }
}

type Refusal = PayloadDecodeError | PayloadTooLargeError;

function isRefusal(error: unknown): error is Refusal {
  return isA(error, PayloadDecodeError) || isA(error, PayloadTooLargeError);
}
