import {
  BusClosedError,
  NotConnectedError,
  PayloadEncodeError,
  PublishBufferFullError,
  PublishRefusedError,
  PublishUnconfirmedError,
} from '../errors.js';
import type { OutgoingMessage, PublishOutcome } from '../transports/event.transport.js';
import { SequencedMessage } from './sequenced.message.js';

/** Hears what became of one event: called once. */
export type Settle = (outcome: PublishOutcome) => void;

/** What leaves as one message: the event of one call, or those of several. */
export interface BatchEntry {
  /** For the transport: from here on it may be delivered. */
  handOver(): OutgoingMessage;
  /** What the broker said. */
  answer(outcome: PublishOutcome): void;
  /** Nobody knows what became of it. */
  giveUp(cause: unknown): void;
}

/** One event on its way to the broker, and whoever waits for what becomes of it. */
export class PublishCall implements BatchEntry {
  private isHandedOver = false;
  private isOver = false;

  constructor(
    readonly message: OutgoingMessage,
    /** The channel, without prefix. */
    private readonly name: string,
    /** How long the message is, or more. */
    readonly bytes: number,
    /** How long the broker's answer may take, in milliseconds. */
    readonly timeoutMs: number,
    private readonly settle: Settle,
  ) {}

  get isSettled(): boolean {
    return this.isOver;
  }

  handOver(): OutgoingMessage {
    this.isHandedOver = true;
    return this.message;
  }

  /** What the broker said, also where nobody waits for it any more. */
  answer(outcome: PublishOutcome): void {
    if ('error' in outcome && this.message instanceof SequencedMessage && reachedNobody(outcome.error)) {
      this.message.withdraw();
    }
    this.end(outcome);
  }

  /** Its publisher stops waiting. Before it is handed over it will never be; afterwards nobody knows. */
  giveUp(cause: unknown): void {
    if (this.isHandedOver) this.end({ error: new PublishUnconfirmedError(this.name, { cause }) });
    else this.end({ error: cause as Error });
  }

  private end(outcome: PublishOutcome): void {
    if (this.isOver) return;
    this.isOver = true;
    this.settle(outcome);
  }
}

function reachedNobody(error: Error): boolean {
  return (
    error instanceof PublishRefusedError ||
    error instanceof NotConnectedError ||
    error instanceof PublishBufferFullError ||
    error instanceof BusClosedError ||
    // Of a codec that could not give it its number.
    error instanceof PayloadEncodeError
  );
}
