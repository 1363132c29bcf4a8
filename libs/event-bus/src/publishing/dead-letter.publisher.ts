import { MAX_HOPS } from '../dispatching/dead-letter.hops.js';
import type { DeadLetter, DeadLetterSink } from '../dispatching/dead.letter.js';
import { PayloadEncodeError, PayloadTooLargeError, reasonOf } from '../errors.js';
import type { BusReporter } from '../observing/bus.reporter.js';
import type { EventContext } from '../message/event-context.js';
import type { EventBusPublisher } from './event-bus.publisher.js';
import type { PublishOptions } from './publish.options.js';
import { DEAD_LETTER_OF } from './publish.options.js';

/** The most that are sent concurrently: bad messages may arrive faster than the broker accepts dead letters. */
const MAX_LETTERS_UNDER_WAY = 1_000;
/** Of their events: 16 MiB. */
const MAX_BYTES_UNDER_WAY = 16 * 1024 * 1024;
const IN_A_RING = `it follows from ${MAX_HOPS} other dead letters: handlers fail on each other's dead letters. Do not set deadLetter on a handler that receives dead letters.`;
/** How long a dead letter is buffered while disconnected. */
const BUFFER_MS = 5_000;

/** Publishes dead letters on the bus of their events. */
export class DeadLetterPublisher implements DeadLetterSink {
  private readonly underWay = new Set<Promise<void>>();
  private bytesUnderWay = 0;

  constructor(
    private readonly publisher: Pick<EventBusPublisher, 'publish'>,
    private readonly reporter: BusReporter,
  ) {}

  async send(channel: string, letter: DeadLetter, event?: EventContext): Promise<void> {
    if ((letter.hops ?? 1) > MAX_HOPS) {
      this.reporter.deadLetterLost(channel, letter, IN_A_RING);
      return;
    }
    if (this.underWay.size >= MAX_LETTERS_UNDER_WAY) {
      this.reporter.deadLetterLost(
        channel,
        letter,
        `${MAX_LETTERS_UNDER_WAY} dead letters are being sent already`,
      );
      return;
    }
    const { bytes } = letter.event;
    if (this.underWay.size > 0 && this.bytesUnderWay + bytes > MAX_BYTES_UNDER_WAY) {
      this.reporter.deadLetterLost(
        channel,
        letter,
        `dead letters of ${MAX_BYTES_UNDER_WAY} bytes are being sent already`,
      );
      return;
    }
    const sending = this.post(channel, letter, event);
    this.underWay.add(sending);
    this.bytesUnderWay += bytes;
    await sending;
    this.underWay.delete(sending);
    this.bytesUnderWay -= bytes;
  }

  /** Resolves when no dead letter is being sent. */
  async whenIdle(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  private async post(channel: string, letter: DeadLetter, failed?: EventContext): Promise<void> {
    const about = failed === undefined ? {} : { [DEAD_LETTER_OF]: failed };
    const options = { whenDisconnected: { bufferMs: BUFFER_MS }, ...about };
    try {
      await this.publish(channel, letter, options).catch((error: unknown) => {
        if (!(error instanceof PayloadTooLargeError)) throw error;
        const { payload: _payload, base64: _base64, ...rest } = letter.event;
        return this.publish(channel, { ...letter, event: rest }, options);
      });
      this.reporter.deadLettered(channel, letter);
    } catch (error) {
      this.reporter.deadLetterLost(channel, letter, reasonOf(error));
    }
  }

  /** As JSON text where the codec encodes only bytes and text. */
  private async publish(channel: string, letter: DeadLetter, options: PublishOptions): Promise<void> {
    try {
      await this.publisher.publish(channel, letter, options);
    } catch (error) {
      if (!(error instanceof PayloadEncodeError)) throw error;
      await this.publisher.publish(channel, JSON.stringify(letter), options);
    }
  }
}
