import {
  BusClosedError,
  NotConnectedError,
  PayloadEncodeError,
  PublishBufferFullError,
  PublishRefusedError,
  PublishUnconfirmedError,
} from '../errors.js';
import type { OutgoingMessage, PublishOutcome } from '../transports/event.transport.js';
import type { PreparedEvent } from './event.preparer.js';
import type { BatchEntry } from './publish.batch.js';
import { SequencedMessage } from './sequenced.message.js';

/** How long the broker's reply may take by default, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 5_000;

/** Receives the outcome of one event. Called once. */
export type Settle = (outcome: PublishOutcome) => void;

/** One event to publish, and the callback that receives its outcome. */
export class PublishCall implements BatchEntry {
  /** Only a waiting call is handed over to the transport; from then on it may be delivered. An ended call is settled. */
  state: 'waiting' | 'handed-over' | 'over' = 'waiting';
  readonly message: OutgoingMessage;

  constructor(
    readonly event: PreparedEvent,
    private readonly settle: Settle,
    readonly timeoutMs = DEFAULT_TIMEOUT_MS,
  ) {
    this.message = event.message;
  }

  /** Takes the broker's reply, even after the publisher has stopped waiting. */
  answer(outcome: PublishOutcome): void {
    if ('error' in outcome && this.message instanceof SequencedMessage && reachedNobody(outcome.error)) {
      this.message.withdraw();
    }
    this.end(outcome);
  }

  /** Its publisher stops waiting. Before the hand-over it is never sent; after it, the outcome is unknown. */
  giveUp(cause: unknown): void {
    if (this.state === 'waiting') this.end({ error: cause as Error });
    else this.end({ error: new PublishUnconfirmedError(this.event.name, { cause }) });
  }

  expire(elapsedMs: number, transport: string): number {
    if (this.state === 'over') return Infinity;
    if (this.timeoutMs > elapsedMs) return this.timeoutMs;
    this.giveUp(new Error(`no reply within ${this.timeoutMs} ms from the ${transport} transport`));
    return Infinity;
  }

  private end(outcome: PublishOutcome): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.settle(outcome);
  }
}

function reachedNobody(error: Error): boolean {
  return (
    error instanceof PublishRefusedError ||
    error instanceof NotConnectedError ||
    error instanceof PublishBufferFullError ||
    error instanceof BusClosedError ||
    // The codec could not add the sequence number.
    error instanceof PayloadEncodeError
  );
}
